import { type Layout, otherSlot, type Slot } from '../core/layout.ts';
import { call, type Plan, type Step, type WaitHttpAction } from '../plan/plan.ts';
import type { LocalFacts, Release } from './types.ts';

/**
 * Blue-green on one machine, as plans. Pure: the same facts give the same plans, and `--plan` prints these.
 * The story: preflight -> services -> backup -> build -> migrate -> start the idle slot, health, smoke
 * -> switch, drain, observe (undone together) -> prune.
 */
export interface DeployChoices {
  readonly port: number;
  readonly observeMs: number;
  readonly keep: number;
}

export const KEEP_RELEASES = 5;
export const OBSERVE_MS = 4000;
const SECONDS = 1000;
/** Draining may take 15 s, stopping a slot 24 s. */
const SWITCH_BACK_MS = 45 * SECONDS;

export function lockPlan(): Plan {
  return onePlan('lock', 'Lock', [step('acquire', 'take the lock', call('lock.acquire', {}, 10 * SECONDS))]);
}

export function preflightPlan(facts: LocalFacts, choices: DeployChoices): Plan {
  return onePlan('preflight', 'Preflight', [
    step('folder', 'the state folder is ours and writable', call('preflight.folder', {}, 5 * SECONDS)),
    step('disk', 'there is room on the disk', call('preflight.disk', {}, 5 * SECONDS)),
    step('clock', 'the clock has not gone back', call('preflight.clock', {}, 5 * SECONDS)),
    portStep(facts, choices.port),
    step(
      'config',
      "the API's environment is complete",
      call('preflight.config', { port: choices.port }, 5 * SECONDS),
    ),
  ]);
}

/** The programs that stay when a release goes: supervisor and database. */
export function servicesPlan(anew = false): Plan {
  return onePlan('services', 'Services', [
    step(
      'platform',
      'put the local programs and the runtime in place',
      call('platform.install', {}, 60 * SECONDS),
    ),
    step('supervisor', 'start the supervisor', call('supervisor.ensure', {}, 15 * SECONDS)),
    step('database', 'start the database', call('database.ensure', { anew }, 60 * SECONDS)),
  ]);
}

export function backupPlan(facts: LocalFacts): Plan {
  const title = facts.hasData ? 'back up the database' : 'back up the database (none yet)';
  return onePlan('backup', 'Backup', [
    step('create', title, call('backup.create', { hasData: facts.hasData }, 180 * SECONDS)),
  ]);
}

export function buildPlan(): Plan {
  return onePlan('build', 'Build', [
    step('release', 'bundle the API and store it under its content', call('release.build', {}, 60 * SECONDS)),
    step('start', 'it starts in a folder without node_modules', call('release.prove', {}, 30 * SECONDS)),
  ]);
}

/** Nothing is migrated before the backup is proven: it was, beside the build. */
export function migratePlan(): Plan {
  return onePlan('migrate', 'Migrate', [
    step('backup', 'the backup starts, and its ledger is proven', call('backup.prove', {}, 180 * SECONDS)),
    step('expand', 'apply the expand steps that are missing', call('migrate.up', {}, 120 * SECONDS)),
  ]);
}

/** Fills the idle slot and proves it; clients see nothing of this. A failure empties the slot again. */
export function preparePlan(facts: LocalFacts, release: Release, layout: Layout): Plan {
  const slot = idleSlot(facts);
  return onePlan('prepare', `Prepare ${slot}`, [
    {
      ...step(
        'start',
        `start ${release.id} in ${slot}`,
        call('slot.start', { slot, release: release.id }, 20 * SECONDS),
      ),
      undo: call('slot.stop', { slot }, 30 * SECONDS),
    },
    step('health', `${slot} answers /health with 200`, health(layout.slotSockets[slot])),
    step(
      'smoke',
      'register, OTP, deposit, transfer, balance; debits = credits',
      call('smoke.run', { slot }, 60 * SECONDS),
    ),
  ]);
}

/** Makes the filled slot live. Until the observation is over, a failure puts the old slot back by itself. */
export function switchPlan(facts: LocalFacts, release: Release, choices: DeployChoices): Plan {
  const to = idleSlot(facts);
  return onePlan('switch', `Switch to ${to}`, [
    frontStep(facts, choices.port),
    switchStep(facts, release),
    ...drainSteps(facts),
    observeStep(to, choices),
  ]);
}

/** For a slot that was prepared and will not be switched to. */
export function emptyPlan(slot: Slot): Plan {
  const stop = call('slot.stop', { slot }, 30 * SECONDS);
  return onePlan('empty', `Empty ${slot}`, [step('stop', `stop what was prepared in ${slot}`, stop)]);
}

/** For a release that is live but was never watched to the end, as its deploy was killed. */
export function resumePlan(facts: LocalFacts, live: Slot, choices: DeployChoices): Plan {
  const other = facts.slots[otherSlot(live)];
  const back =
    other.pid !== null && other.release !== null && facts.accepted.includes(other.release)
      ? other.slot
      : null;
  return onePlan('resume', `Watch ${live}, which an interrupted deploy made live`, [
    {
      ...frontStep(facts, choices.port),
      undo: call('slot.switchBack', { from: live, to: back, always: true }, SWITCH_BACK_MS),
    },
    observeStep(live, choices),
  ]);
}

/** Back to a slot that is warm and was live before: nothing is built, nothing is started. */
export function warmRollbackPlan(facts: LocalFacts, release: Release, layout: Layout): Plan {
  const to = idleSlot(facts);
  return onePlan('rollback', `Switch back to ${to}`, [
    step('health', `${to} answers /health with 200`, {
      ...health(layout.slotSockets[to]),
      timeoutMs: 3 * SECONDS,
    }),
    switchStep(facts, release),
    ...drainSteps(facts),
  ]);
}

/** On another port than before, the front is started anew; should the deploy fail, it gets its old port back. */
function frontStep(facts: LocalFacts, port: number): Step {
  const ensured = step(
    'front',
    `the front answers on port ${port}`,
    call('front.ensure', { port, anew: false }, 15 * SECONDS),
  );
  const moved = facts.frontRuns && facts.port !== null && facts.port !== port;
  return moved
    ? { ...ensured, undo: call('front.ensure', { port: facts.port, anew: false }, 15 * SECONDS) }
    : ensured;
}

function switchStep(facts: LocalFacts, release: Release): Step {
  const to = idleSlot(facts);
  return {
    ...step(
      'switch',
      `point current.sock at ${to} (${release.id})`,
      call('slot.switch', { to }, 10 * SECONDS),
    ),
    undo: call('slot.switchBack', { from: to, to: facts.live }, SWITCH_BACK_MS),
  };
}

function observeStep(slot: Slot, { port, observeMs }: DeployChoices): Step {
  const title = `watch what users see for ${observeMs / SECONDS} s`;
  return step(
    'observe',
    title,
    call('observe.watch', { slot, port, windowMs: observeMs }, observeMs + 30 * SECONDS),
  );
}

/** After the observation: `rollback` may trust this release from now on. */
export function acceptPlan(release: Release): Plan {
  return onePlan('accept', 'Accept', [
    step(
      'release',
      `note that ${release.id} was live and well`,
      call('release.accept', { release: release.id }, 5 * SECONDS),
    ),
  ]);
}

/** Brings back what ran: the supervisor has started its services; here they are waited for. */
export function upPlan(facts: LocalFacts, layout: Layout, anew: boolean): Plan {
  const live = facts.live ?? 'blue';
  const port = facts.port ?? 8080;
  return onePlan('up', 'Up', [
    step('slot', `${live} answers /health with 200`, health(layout.slotSockets[live])),
    step('front', `the front answers on port ${port}`, call('front.ensure', { port, anew }, 15 * SECONDS)),
  ]);
}

/** `up` starts a front too, so it looks at the port first. */
export function portPlan(facts: LocalFacts): Plan {
  const port = facts.port ?? 8080;
  return onePlan('preflight', 'Preflight', [portStep(facts, port)]);
}

function portStep(facts: LocalFacts, port: number): Step {
  const ours = facts.frontRuns ? facts.port : null;
  return step('port', `port ${port} is free or ours`, call('preflight.port', { port, ours }, 5 * SECONDS));
}

export function downPlan(): Plan {
  return onePlan('down', 'Down', [
    step('stop', 'stop front, slots, database, supervisor', call('services.shutdown', {}, 60 * SECONDS)),
  ]);
}

export function prunePlan(keep: number): Plan {
  return onePlan('prune', 'Prune', [
    step(
      'releases',
      `keep the newest ${keep} releases and what is in a slot`,
      call('release.prune', { keep }, 20 * SECONDS),
    ),
    step('backups', 'keep the newest backups', call('backup.prune', {}, 20 * SECONDS)),
  ]);
}

export function unlockPlan(): Plan {
  return onePlan('unlock', 'Unlock', [
    step('release', 'give the lock back', call('lock.release', {}, 10 * SECONDS)),
  ]);
}

/** The slot that clients do not see; blue when nothing is live. */
export function idleSlot(facts: LocalFacts): Slot {
  return facts.live === null ? 'blue' : otherSlot(facts.live);
}

/** The old slot may be stopped only once nothing is connected to it any more. */
function drainSteps(facts: LocalFacts): Step[] {
  if (facts.live === null || facts.slots[facts.live].pid === null) return [];
  return [
    step(
      'drain',
      `${facts.live} finishes what it has begun`,
      call('slot.drain', { slot: facts.live }, 30 * SECONDS),
    ),
  ];
}

function health(socketPath: string): WaitHttpAction {
  return {
    kind: 'waitHttp',
    target: { socketPath },
    path: '/health',
    status: 200,
    intervalMs: 25,
    timeoutMs: 15 * SECONDS,
  };
}

function step(id: string, title: string, action: Step['action']): Step {
  return { id, title, on: 'local', action };
}

function onePlan(name: string, title: string, steps: readonly Step[]): Plan {
  return { name, title, stages: [{ title, steps }] };
}
