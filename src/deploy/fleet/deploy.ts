import { OmpayError } from '../../core/errors.ts';
import type { HostName } from '../../host/host.ts';
import { hookPlans } from '../../plan/hook-plan.ts';
import type { Plan } from '../../plan/plan.ts';
import { type Outputs, type RunContext, runPlan } from '../../plan/run.ts';
import { phase, settle } from '../deploy.ts';
import { failureAfter, isLockLost } from '../failures.ts';
import { pruneStep, type Shipment, shipPlan, verifyStep } from '../ship/plan.ts';
import { type FleetFacts, isServing, isWarm, liveRelease, type Target, targetOn } from './facts.ts';
import { healingOf } from './heal.ts';
import { type FleetMemory, freshFacts, knownFacts } from './memory.ts';
import { type FleetSight, lookBeforeDeploy, lookBeforeSwitch } from './observe.ts';
import {
  type FleetChoices,
  fleetEmptyPlan,
  fleetLockPlan,
  fleetMigratePlan,
  fleetPreflightPlan,
  fleetPreparePlan,
  fleetRollbackPlan,
  fleetSwitchPlan,
  fleetUnlockPlan,
  healPlan,
  lookPlan,
} from './plan.ts';
import { rollbackTarget } from './rollback-target.ts';

export interface FleetKit extends RunContext {
  /** The web hosts, in the order of their names. */
  readonly names: readonly HostName[];
  readonly memory: FleetMemory;
  readonly sight: FleetSight;
  /** What this source builds to, without sending it. */
  readonly shipment: () => Promise<Shipment>;
}

export interface FleetResult {
  /** False when all hosts served the release already. */
  readonly changed: boolean;
  readonly release: string;
  /** What each host served before. */
  readonly previous: Readonly<Record<HostName, string | null>>;
  /** Where an operation that was killed had left several versions: the one that all had before this operation went on. */
  readonly healed: string | null;
  readonly outputs: Outputs;
}

/** Deploys this source to all web hosts. Throws the error of the phase that failed, after its undo on all of them. */
export async function fleetDeploy(kit: FleetKit, choices: FleetChoices): Promise<FleetResult> {
  await phase(kit, lookPlan(kit.names));
  const shipment = await kit.shipment();
  const release = shipment.manifest.id;
  await phase(kit, shipPlan(kit.names, shipment));
  return holdingAll(kit, async () => {
    await phase(kit, fleetPreflightPlan(kit.names));
    const healed = await heal(kit);
    const facts =
      healed === null ? knownFacts(kit.memory, kit.names) : await freshFacts(kit.memory, kit.names);
    const previous = releasesOf(facts);
    const targets = kit.names.flatMap((name) => waitingOn(name, facts, release));
    if (targets.length === 0) return { changed: false, release, previous, healed, outputs: {} };
    noteReleases(kit, previous, release);
    await lookBeforeDeploy(kit.memory, kit.sight, facts);
    const [first] = kit.names;
    if (first !== undefined) await phase(kit, fleetMigratePlan(first, release));
    await phase(kit, fleetPreparePlan(targets));
    const outputs = await switchPrepared(kit, targets, choices);
    await settle(kit, [prunePlan(kit.names, choices.keep)]).catch(() => {});
    return { changed: true, release, previous, healed, outputs };
  });
}

/**
 * Takes all web hosts back to a release: the one named, else the one before. Where it is warm on all of them, that is three
 * rounds; elsewhere it is verified, started, proven and watched first.
 */
export async function fleetRollback(
  kit: FleetKit,
  wanted: string | undefined,
  choices: FleetChoices,
): Promise<FleetResult> {
  return holdingAll(kit, async () => {
    const facts = knownFacts(kit.memory, kit.names);
    const previous = releasesOf(facts);
    const release = rollbackTarget(facts, wanted);
    const targets = kit.names.flatMap((name) => waitingOn(name, facts, release));
    if (targets.length === 0) return { changed: false, release, previous, healed: null, outputs: {} };
    noteReleases(kit, previous, release);
    if (isAllWarm(facts, targets)) {
      const outputs = await switchPhase(kit, fleetRollbackPlan(targets));
      return { changed: true, release, previous, healed: null, outputs };
    }
    await phase(kit, verifyPlan(targets));
    await lookBeforeDeploy(kit.memory, kit.sight, facts);
    await phase(kit, fleetPreparePlan(targets));
    const outputs = await switchPrepared(kit, targets, choices);
    return { changed: true, release, previous, healed: null, outputs };
  });
}

/** Every host's lock is given back at the end, whatever it is. */
async function holdingAll<T>(kit: FleetKit, work: () => Promise<T>): Promise<T> {
  await phase(kit, fleetLockPlan(kit.names));
  try {
    return await work();
  } finally {
    // A lock that could not be given back ends with its carrier's lease.
    await settle(kit, [fleetUnlockPlan(kit.names)]).catch(() => {});
  }
}

/** One version everywhere before anything else is done. Gives it where there were several. */
async function heal(kit: FleetKit): Promise<string | null> {
  const healing = healingOf(knownFacts(kit.memory, kit.names));
  if (healing === null) return null;
  await switchPhase(kit, healPlan(healing));
  return healing.release;
}

async function switchPrepared(
  kit: FleetKit,
  targets: readonly Target[],
  choices: FleetChoices,
): Promise<Outputs> {
  try {
    for (const plan of beforeSwitch(targets, choices)) await phase(kit, plan);
    await lookBeforeSwitch(kit.memory, kit.sight, targets);
    return await switchPhase(kit, fleetSwitchPlan(targets, choices));
  } catch (error) {
    // Its own failure is in the journal, and the next deploy fills the slots anew: the error that led here is told.
    if (!isLockLost(error)) await settle(kit, [fleetEmptyPlan(targets)]).catch(() => {});
    throw error;
  }
}

/** What the team wants to know or decide once the release is proven on all hosts. */
function beforeSwitch(targets: readonly Target[], { hooks = [] }: FleetChoices): readonly Plan[] {
  const [first] = targets;
  return hookPlans(hooks, 'pre-switch', { release: first?.release ?? null });
}

/** What all hosts do together is undone on all of them together. */
async function switchPhase(kit: FleetKit, plan: Plan): Promise<Outputs> {
  const outcome = await runPlan(plan, kit);
  if (outcome.kind === 'done') return outcome.outputs;
  throw failureAfter(plan, outcome);
}

function waitingOn(host: HostName, facts: FleetFacts, release: string): Target[] {
  const seen = facts[host];
  if (seen === undefined)
    throw new OmpayError('internal', `nothing is known of ${host}`, { hint: 'try again' });
  return isServing(seen, release) ? [] : [targetOn(host, seen, release)];
}

function releasesOf(facts: FleetFacts): Readonly<Record<HostName, string | null>> {
  return Object.fromEntries(Object.entries(facts).map(([name, host]) => [name, liveRelease(host)]));
}

function noteReleases(kit: RunContext, previous: FleetResult['previous'], to: string): void {
  const from = [...new Set(Object.values(previous))].map((release) => release ?? 'none').join(', ');
  kit.emit({ type: 'note', text: `from ${from} to ${to}`, data: { hosts: { ...previous }, release: to } });
}

export function prunePlan(hosts: readonly HostName[], keep: number): Plan {
  const stage = { title: 'Prune', steps: hosts.map((host) => pruneStep(host, keep)) };
  return { name: 'prune', title: 'Prune', stages: [stage] };
}

export function verifyPlan(targets: readonly Target[]): Plan {
  const steps = targets.map(({ host, release }) => verifyStep(host, release));
  return { name: 'verify', title: 'Verify', stages: [{ title: 'Verify', steps }] };
}

/** What `deploy -e ENV --plan` prints. */
export function deployPlansOf(facts: FleetFacts, shipment: Shipment, choices: FleetChoices): readonly Plan[] {
  const names = Object.keys(facts);
  const release = shipment.manifest.id;
  const healing = healingOf(facts);
  const targets = names.flatMap((name) => waitingOn(name, facts, release));
  const work =
    targets.length === 0
      ? []
      : [
          fleetMigratePlan(names[0] ?? '', release),
          fleetPreparePlan(targets),
          ...beforeSwitch(targets, choices),
          fleetSwitchPlan(targets, choices),
          prunePlan(names, choices.keep),
        ];
  return [
    lookPlan(names),
    shipPlan(names, shipment),
    fleetLockPlan(names),
    fleetPreflightPlan(names),
    ...(healing === null ? [] : [healPlan(healing)]),
    ...work,
    fleetUnlockPlan(names),
  ];
}

/** What `rollback -e ENV --plan` prints. */
export function rollbackPlansOf(
  facts: FleetFacts,
  wanted: string | undefined,
  choices: FleetChoices,
): readonly Plan[] {
  const names = Object.keys(facts);
  const release = rollbackTarget(facts, wanted);
  const targets = names.flatMap((name) => waitingOn(name, facts, release));
  const work = isAllWarm(facts, targets)
    ? [fleetRollbackPlan(targets)]
    : [
        verifyPlan(targets),
        fleetPreparePlan(targets),
        ...beforeSwitch(targets, choices),
        fleetSwitchPlan(targets, choices),
      ];
  return [fleetLockPlan(names), ...(targets.length === 0 ? [] : work), fleetUnlockPlan(names)];
}

function isAllWarm(facts: FleetFacts, targets: readonly Target[]): boolean {
  return targets.every(({ host, release }) => {
    const seen = facts[host];
    return seen !== undefined && isWarm(seen, release);
  });
}
