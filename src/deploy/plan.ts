import { type Layout, otherSlot, type Slot } from '../core/layout.ts';
import type { HookName } from '../plan/hook-plan.ts';
import { call, type Plan, type Step } from '../plan/plan.ts';
import { judgeSteps, liveSmokeStep, proveBackupStep } from './judge-plan.ts';
import { health, onePlan, portStep, SECONDS, step } from './steps.ts';
import type { LocalFacts, Release } from './types.ts';

/**
 * Blue-green on one machine, as plans. Pure: the same facts give the same plans, and `--plan` prints these.
 * The story: preflight -> checks -> services -> backup -> build -> migrate (linted, rehearsed) -> start the idle slot,
 * health, smoke, checks -> switch, drain, observe, tell the team, checks (undone together) -> accept -> prune.
 */
export interface DeployChoices {
  /** A rollback is not kept waiting by checklists. */
  readonly purpose: 'deploy' | 'rollback';
  readonly port: number;
  /** How long users are watched after the switch. */
  readonly bakeMs: number;
  readonly keep: number;
  /** Scripts of the team that are there; none unless told. */
  readonly hooks?: readonly HookName[];
}

export const KEEP_RELEASES = 5;
/** Draining may take 15 s, stopping a slot 24 s. */
const SWITCH_BACK_MS = 45 * SECONDS;

export function preflightPlan(facts: LocalFacts, choices: DeployChoices): Plan {
  return onePlan('preflight', 'Preflight', [
    step('baseline', 'note what users see before', call('observe.baseline', {}, 5 * SECONDS)),
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

/** What must be known of this source before anything is built. */
export function checkPlan(): Plan {
  return onePlan('check', 'Checks before the deploy', [checkStep('pre-deploy')]);
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

/**
 * Nothing is migrated before the backup is proven: it was, beside the build. What is missing is judged, tried on that
 * backup beside both releases, and only then applied.
 */
export function migratePlan(): Plan {
  return onePlan('migrate', 'Migrate', [
    proveBackupStep(),
    ...judgeSteps(),
    step('expand', 'apply the expand steps that are missing', call('migrate.up', {}, 120 * SECONDS)),
    liveSmokeStep(),
  ]);
}

/** Fills the idle slot and proves it; clients see nothing of this. A failure empties the slot again. */
export function preparePlan(
  facts: LocalFacts,
  release: Release,
  { layout, choices }: { readonly layout: Layout; readonly choices: DeployChoices },
): Plan {
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
    ...(choices.purpose === 'deploy' ? [checkStep('deploy')] : []),
    // A first deploy has nothing to go back to.
    ...(choices.purpose === 'deploy' && facts.live !== null ? [checkStep('rollback')] : []),
  ]);
}

/** Makes the filled slot live. Until the observation is over, a failure puts the old slot back by itself. */
export function switchPlan(facts: LocalFacts, release: Release, choices: DeployChoices): Plan {
  const to = idleSlot(facts);
  return onePlan('switch', `Switch to ${to}`, [
    frontStep(facts, choices.port),
    switchStep(facts, release),
    ...drainSteps(facts),
    ...watchSteps(to, choices),
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
    ...watchSteps(live, choices),
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

/** Judged until the window is over; what is bad puts the old slot back, and so does a check that blocks. */
function watchSteps(slot: Slot, { purpose, port, bakeMs }: DeployChoices): Step[] {
  return [
    step(
      'observe',
      `watch what users see for ${bakeMs / SECONDS} s`,
      call('observe.watch', { slot, port, windowMs: bakeMs }, bakeMs + 30 * SECONDS),
    ),
    tellStep(),
    ...(purpose === 'deploy' ? [checkStep('post-deploy')] : []),
  ];
}

/** The team is told of a switch that users saw, also of one that was taken back. */
export function tellPlan(): Plan {
  return onePlan('tell', 'Tell the team', [tellStep()]);
}

function tellStep(): Step {
  return step('tell', 'tell the team', call('team.tell', {}, 45 * SECONDS));
}

function checkStep(checklist: 'pre-deploy' | 'deploy' | 'post-deploy' | 'rollback'): Step {
  return step(
    `checks-${checklist}`,
    `checklist ${checklist}`,
    call('check.run', { checklist }, 60 * SECONDS),
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
