import type { HostName } from '../../host/host.ts';
import type { HookName } from '../../plan/hook-plan.ts';
import { call, type JsonObject, type Plan, type Stage, type Step } from '../../plan/plan.ts';
import { SECONDS } from '../steps.ts';
import type { Target } from './facts.ts';
import type { Healing } from './heal.ts';

/**
 * A deploy to several web hosts, as plans. Pure; `--plan` prints these. The story: look at all -> send -> carriers and locks
 * on all -> one version everywhere -> migrate once -> start and smoke the idle slot on all -> arm all, switch all in one
 * breath, watch, keep (undone together) -> prune -> give the locks back.
 */
export interface FleetChoices {
  /** How long users are watched after the switch. */
  readonly bakeMs: number;
  /** Releases that stay on each host. */
  readonly keep: number;
  /** Scripts of the team that are there; none unless told. */
  readonly hooks?: readonly HookName[];
}

const SWITCH_MS = 6 * SECONDS;
const REVERT_MS = 12 * SECONDS;
/** Of a large database, with its proof; nothing is changed meanwhile. */
const BACKUP_MS = 3600 * SECONDS;
const START_MS = 120 * SECONDS;
const STOP_MS = 75 * SECONDS;

export function lookPlan(hosts: readonly HostName[]): Plan {
  return {
    name: 'look',
    title: `Look at ${hosts.join(', ')}`,
    stages: [
      stage(
        'Look',
        hosts.map((host) => on(host, 'look', 'it is there and set up', call('fleet.look', {}, 60 * SECONDS))),
      ),
    ],
  };
}

/** The first host's lock decides between two operators; the rest are then taken at once. */
export function fleetLockPlan(hosts: readonly HostName[]): Plan {
  const carry = hosts.map((host) =>
    on(
      host,
      'carry',
      'start the carrier',
      call('fleet.carry', {}, 40 * SECONDS),
      call('fleet.end', {}, REVERT_MS),
    ),
  );
  const locks = hosts.map((host) =>
    on(host, 'lock', "take the host's lock", call('fleet.begin', {}, 30 * SECONDS)),
  );
  const facts = hosts.map((host) =>
    on(host, 'facts', 'what it serves and holds', call('fleet.facts', {}, 20 * SECONDS)),
  );
  return {
    name: 'lock',
    title: 'Lock every host',
    stages: [
      stage('Carriers', carry),
      stage('First lock', locks.slice(0, 1)),
      stage('Other locks', locks.slice(1)),
      stage('Facts', facts),
    ],
  };
}

export function fleetUnlockPlan(hosts: readonly HostName[]): Plan {
  const steps = hosts.map((host) =>
    on(host, 'unlock', 'give the lock back', call('fleet.end', {}, REVERT_MS)),
  );
  return { name: 'unlock', title: 'Unlock', stages: [stage('Unlock', steps)] };
}

export function fleetPreflightPlan(hosts: readonly HostName[]): Plan {
  const steps = hosts.map((host) =>
    on(host, 'fit', 'room on the disk, the same time as here', call('fleet.fit', {}, 5 * SECONDS)),
  );
  return { name: 'preflight', title: 'Preflight', stages: [stage('Preflight', steps)] };
}

/** One version everywhere, before anything else: what an operation that was killed left in the middle. */
export function healPlan({ release, targets, toStart }: Healing): Plan {
  return {
    name: 'heal',
    title: `One version everywhere: ${release} on ${targets.map(({ host }) => host).join(', ')}`,
    stages: [
      ...(toStart.length === 0 ? [] : [startStage(toStart)]),
      ...switchStages(targets),
      keepStage(targets),
    ],
  };
}

/** Once, on the first host: the steps that the running release can bear. */
export function fleetMigratePlan(host: HostName, release: string): Plan {
  return {
    name: 'migrate',
    title: 'Migrate',
    stages: [
      stage('Migrate', [
        on(
          host,
          'backup',
          'back up the database where migrations are missing',
          call('fleet.backup', { release }, BACKUP_MS),
        ),
        on(
          host,
          'expand',
          'apply the expand steps that are missing',
          call('fleet.migrate', { release }, 180 * SECONDS),
        ),
      ]),
    ],
  };
}

/** Fills the idle slots and proves them; users see nothing of this. A failure empties them again. */
export function fleetPreparePlan(targets: readonly Target[]): Plan {
  const [first] = targets;
  const smoke = (target: Target, input: JsonObject, title: string): Step =>
    on(
      target.host,
      'smoke',
      title,
      call('fleet.smoke', { slot: target.slot, release: target.release, ...input }, 120 * SECONDS),
    );
  return {
    name: 'prepare',
    title: 'Prepare',
    stages: [
      startStage(targets),
      ...(first === undefined
        ? []
        : [
            stage('Smoke', [
              smoke(first, { money: true }, 'register, OTP, deposit, transfer, balance; debits = credits'),
            ]),
          ]),
      // One session for all of them, as each host must take what another gave: it is ended once all have seen it.
      stage(
        'Smoke elsewhere',
        targets
          .slice(1, -1)
          .map((target) => smoke(target, { money: false, ends: false }, 'balance, in one session')),
      ),
      stage(
        'Smoke at last',
        targets
          .slice(1)
          .slice(-1)
          .map((target) => smoke(target, { money: false, ends: true }, 'balance, in one session, log out')),
      ),
    ],
  };
}

/** Until all are kept, a failure on any host puts all back; a host that hears no one any more goes back by itself. */
export function fleetSwitchPlan(targets: readonly Target[], { bakeMs }: Pick<FleetChoices, 'bakeMs'>): Plan {
  const hosts = targets.map(({ host }) => host);
  const watch = call('fleet.watch', { hosts, windowMs: bakeMs }, bakeMs + 60 * SECONDS);
  return {
    name: 'switch',
    title: `Switch ${hosts.join(', ')}`,
    stages: [
      ...switchStages(targets),
      drainStage(targets),
      stage('Observe', [
        {
          id: 'observe',
          title: `watch what users see for ${bakeMs / SECONDS} s`,
          on: 'local',
          action: watch,
        },
      ]),
      keepStage(targets),
    ],
  };
}

/** Back to slots that are warm and were live before: nothing is started, nothing is sent. */
export function fleetRollbackPlan(targets: readonly Target[]): Plan {
  return {
    name: 'rollback',
    title: `Switch back ${targets.map(({ host }) => host).join(', ')}`,
    stages: [...switchStages(targets), keepStage(targets)],
  };
}

/** For slots that were prepared and will not be switched to. */
export function fleetEmptyPlan(targets: readonly Target[]): Plan {
  const steps = targets.map(({ host, slot }) =>
    on(host, 'stop', `stop what was prepared in ${slot}`, call('fleet.stop', { slot }, STOP_MS)),
  );
  return { name: 'empty', title: 'Empty', stages: [stage('Empty', steps)] };
}

/** Nobody switches before all are armed; then all switch at once. */
function switchStages(targets: readonly Target[]): readonly Stage[] {
  return [
    stage(
      'Arm',
      targets.map(({ host, slot, release }) =>
        on(
          host,
          'arm',
          `note what to go back to from ${slot}`,
          call('fleet.arm', { slot, release }, SWITCH_MS),
          call('fleet.revert', {}, REVERT_MS),
        ),
      ),
    ),
    stage(
      'Switch',
      targets.map(({ host, slot, release }) =>
        on(host, 'switch', `point current.sock at ${slot} (${release})`, call('fleet.switch', {}, SWITCH_MS)),
      ),
    ),
  ];
}

function keepStage(targets: readonly Target[]): Stage {
  return stage(
    'Keep',
    targets.map(({ host, release }) =>
      on(host, 'keep', `note that ${release} was live and well`, call('fleet.keep', {}, SWITCH_MS)),
    ),
  );
}

function drainStage(targets: readonly Target[]): Stage {
  return stage(
    'Drain',
    targets.map(({ host, slot }) =>
      on(
        host,
        'drain',
        'the slot before finishes what it has begun',
        call('fleet.drain', { slot }, 30 * SECONDS),
      ),
    ),
  );
}

function startStage(targets: readonly Target[]): Stage {
  return stage(
    'Start',
    targets.map(({ host, slot, release }) =>
      on(
        host,
        'start',
        `start ${release} in ${slot}; it answers /health with 200`,
        call('fleet.start', { slot, release }, START_MS),
        call('fleet.stop', { slot }, STOP_MS),
      ),
    ),
  );
}

function stage(title: string, steps: readonly Step[]): Stage {
  return { title, steps };
}

function on(host: HostName, id: string, title: string, action: Step['action'], undo?: Step['action']): Step {
  const step: Step = { id: `${id}-${host}`, title: `${title} (${host})`, on: host, action };
  return undo === undefined ? step : { ...step, undo };
}
