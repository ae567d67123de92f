import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import { hookPlans } from '../plan/hook-plan.ts';
import type { JsonObject, Plan } from '../plan/plan.ts';
import { type Outputs, type RunContext, runPlan } from '../plan/run.ts';
import { failureAfter, failureBefore, isInterruption, isLockLost } from './failures.ts';
import {
  acceptPlan,
  backupPlan,
  buildPlan,
  checkPlan,
  type DeployChoices,
  emptyPlan,
  idleSlot,
  migratePlan,
  preflightPlan,
  preparePlan,
  prunePlan,
  resumePlan,
  switchPlan,
  tellPlan,
  warmRollbackPlan,
} from './plan.ts';
import { servicesPlan } from './service-plans.ts';
import type { LocalFacts, Release } from './types.ts';

export interface DeployKit extends RunContext {
  readonly layout: Layout;
  /** A fresh look; asked before each phase, since facts go stale. */
  readonly facts: () => Promise<LocalFacts>;
  /** The release that this source builds to, without storing it. */
  readonly candidate: () => Promise<Release>;
}

export interface DeployResult {
  /** Whether anything was switched; false when the release was live already. */
  readonly changed: boolean;
  readonly release: Release;
  readonly previous: string | null;
  readonly outputs: Outputs;
}

/** Deploys this source. Throws the error of the phase that failed, after its undo (`rolledBack`, `notRolledBack`). */
export async function deploy(kit: DeployKit, choices: DeployChoices): Promise<DeployResult> {
  await phase(kit, preflightPlan(await kit.facts(), choices));
  const release = await kit.candidate();
  const before = await kit.facts();
  const previous = liveRelease(before);
  if (isLive(before, release, choices)) return deployAgain(kit, before, { release, choices });
  noteReleases(kit, before, release);
  await phase(kit, checkPlan());
  await phase(kit, servicesPlan());
  await watchUnwatched(kit, choices);
  await phase(kit, backupPlan({ ...(await kit.facts()), hasData: before.hasData }));
  await phase(kit, buildPlan());
  await phase(kit, migratePlan());
  await phase(kit, preparePlan(await kit.facts(), release, { layout: kit.layout, choices }));
  const outputs = await switchPrepared(kit, release, choices);
  await settle(kit, [acceptPlan(release), prunePlan(choices.keep)]);
  return { changed: true, release, previous, outputs };
}

/** Makes the prepared slot live. What ends before that begins, or cannot be told to have, empties the slot again. */
async function switchPrepared(kit: DeployKit, release: Release, choices: DeployChoices): Promise<Outputs> {
  try {
    for (const plan of beforeSwitch(release, choices)) await phase(kit, plan);
    return await switchPhase(kit, switchPlan(await kit.facts(), release, choices));
  } catch (error) {
    if (!isLockLost(error)) await emptyPrepared(kit, release).catch(() => {});
    throw error;
  }
}

/** What the team wants to know or decide once the release is proven. A rollback to what is warm is not kept waiting by it. */
function beforeSwitch({ id, version }: Release, { hooks = [] }: DeployChoices): readonly Plan[] {
  return hookPlans(hooks, 'pre-switch', { release: id, version });
}

/** Its own failure is in the journal, and the next deploy fills the slot anew: the error that led here is told. */
async function emptyPrepared(kit: DeployKit, release: Release): Promise<void> {
  const facts = await kit.facts();
  const slot = idleSlot(facts);
  if (facts.slots[slot].release === release.id) await settle(kit, [emptyPlan(slot)]);
}

/** The release is live: nothing to do, unless its deploy was killed before it was watched to the end. */
async function deployAgain(
  kit: DeployKit,
  facts: LocalFacts,
  { release, choices }: { readonly release: Release; readonly choices: DeployChoices },
): Promise<DeployResult> {
  const unchanged = { changed: false, release, previous: release.id, outputs: {} };
  if (facts.live === null || facts.accepted[0] === release.id) return unchanged;
  noteReleases(kit, facts, release);
  const outputs = await switchPhase(kit, resumePlan(facts, facts.live, choices));
  await settle(kit, [acceptPlan(release), prunePlan(choices.keep)]);
  return { ...unchanged, outputs };
}

/** What a killed deploy made live is watched first, and put back when it is not well; then there is one to fall back to. */
async function watchUnwatched(kit: DeployKit, choices: DeployChoices): Promise<void> {
  const [resume, ...noted] = unwatchedPlans(await kit.facts(), choices);
  if (resume === undefined) return;
  try {
    await switchPhase(kit, resume);
    await settle(kit, noted);
  } catch (error) {
    if (!(error instanceof OmpayError && error.code === 'rolledBack')) throw error;
  }
}

function unwatchedPlans(facts: LocalFacts, choices: DeployChoices): readonly Plan[] {
  const release = facts.releases.find(({ id }) => id === liveRelease(facts));
  if (facts.live === null || release === undefined || facts.accepted[0] === release.id) return [];
  return [resumePlan(facts, facts.live, choices), acceptPlan(release)];
}

/** Goes back to a release: at once when it is warm in the other slot and was live before, else it is started and proven. */
export async function rollback(
  kit: DeployKit,
  release: Release,
  choices: DeployChoices,
): Promise<DeployResult> {
  const before = await kit.facts();
  const previous = liveRelease(before);
  if (previous === release.id) return rollbackAgain(kit, before, { release, choices });
  noteReleases(kit, before, release);
  if (isWarm(before, release)) {
    const outputs = await switchPhase(kit, warmRollbackPlan(before, release, kit.layout));
    await settle(kit, [acceptPlan(release), tellPlan()]);
    return { changed: true, release, previous, outputs };
  }
  await phase(kit, servicesPlan());
  await phase(kit, preparePlan(await kit.facts(), release, { layout: kit.layout, choices }));
  const outputs = await switchPrepared(kit, release, choices);
  await settle(kit, [acceptPlan(release)]);
  return { changed: true, release, previous, outputs };
}

/** It is live already: nothing to do, unless the rollback that made it live was killed before that was noted. */
async function rollbackAgain(
  kit: DeployKit,
  facts: LocalFacts,
  { release, choices }: { readonly release: Release; readonly choices: DeployChoices },
): Promise<DeployResult> {
  if (!facts.accepted.includes(release.id)) return deployAgain(kit, facts, { release, choices });
  if (facts.accepted[0] !== release.id) await settle(kit, [acceptPlan(release)]);
  return { changed: false, release, previous: release.id, outputs: {} };
}

/** For the report, also of a run that is killed: what was live, and what is to be. */
function noteReleases(kit: RunContext, facts: LocalFacts, to: Release): void {
  const live = liveRelease(facts);
  const from = facts.releases.find(({ id }) => id === live);
  const known = ({ id, version, commit }: Release): JsonObject => ({ id, version, commit });
  const releases = { from: from === undefined ? null : known(from), to: known(to) };
  kit.emit({ type: 'note', text: `from ${live ?? 'none'} to ${to.id}`, data: { releases } });
}

export function liveRelease(facts: LocalFacts): string | null {
  return facts.live === null ? null : facts.slots[facts.live].release;
}

/** In the other slot, running, and live before: what a killed deploy left there was perhaps never proven. */
export function isWarm(facts: LocalFacts, release: Release): boolean {
  const idle = facts.slots[idleSlot(facts)];
  return idle.release === release.id && idle.pid !== null && facts.accepted.includes(release.id);
}

/** What follows a good switch is not interrupted any more: there is nothing left to undo. */
export async function settle(kit: RunContext, plans: readonly Plan[]): Promise<void> {
  for (const plan of plans) await phase({ ...kit, signal: new AbortController().signal }, plan);
}

/** Live means: chosen, running, and reachable through the front on the wanted port. */
export function isLive(facts: LocalFacts, release: Release, choices: Pick<DeployChoices, 'port'>): boolean {
  if (facts.live === null || !facts.frontRuns || facts.port !== choices.port) return false;
  const slot = facts.slots[facts.live];
  return slot.release === release.id && slot.pid !== null && facts.databaseRuns;
}

/** A phase before the switch: whatever happens in it, clients have seen nothing. */
export async function phase(kit: RunContext, plan: Plan): Promise<Outputs> {
  const outcome = await runPlan(plan, kit);
  if (outcome.kind === 'done') return outcome.outputs;
  throw failureBefore(plan, outcome);
}

/** The switch and what follows are undone together: a failure puts the old slot back, and the team is told. */
async function switchPhase(kit: RunContext, plan: Plan): Promise<Outputs> {
  const outcome = await runPlan(plan, kit);
  if (outcome.kind === 'done') return outcome.outputs;
  const failure = failureAfter(plan, outcome);
  const isSeen = plan.name === 'resume' || outcome.outputs.switch !== undefined;
  if (isSeen && !isLockLost(outcome.error) && !isInterruption(outcome.error)) {
    // The failure is what matters; that nobody could be told of it is in the journal.
    await settle(kit, [tellPlan()]).catch(() => {});
  }
  throw failure;
}

/** What `deploy --plan` prints: every phase with what is known now. */
export function plansOf(
  facts: LocalFacts,
  release: Release,
  choices: DeployChoices,
  layout: Layout,
): readonly Plan[] {
  const preflight = preflightPlan(facts, choices);
  if (isLive(facts, release, choices) && facts.live !== null) {
    if (facts.accepted[0] === release.id) return [preflight];
    return [preflight, resumePlan(facts, facts.live, choices), acceptPlan(release), prunePlan(choices.keep)];
  }
  return [
    preflight,
    checkPlan(),
    servicesPlan(),
    ...unwatchedPlans(facts, choices),
    backupPlan(facts),
    buildPlan(),
    migratePlan(),
    preparePlan(facts, release, { layout, choices }),
    ...beforeSwitch(release, choices),
    switchPlan(facts, release, choices),
    acceptPlan(release),
    prunePlan(choices.keep),
  ];
}

/** What `rollback --plan` prints. */
export function rollbackPlansOf(
  facts: LocalFacts,
  release: Release,
  choices: DeployChoices,
  layout: Layout,
): readonly Plan[] {
  if (facts.live !== null && liveRelease(facts) === release.id) {
    if (facts.accepted[0] === release.id) return [];
    if (facts.accepted.includes(release.id)) return [acceptPlan(release)];
    return [resumePlan(facts, facts.live, choices), acceptPlan(release), prunePlan(choices.keep)];
  }
  if (isWarm(facts, release))
    return [warmRollbackPlan(facts, release, layout), acceptPlan(release), tellPlan()];
  return [
    servicesPlan(),
    preparePlan(facts, release, { layout, choices }),
    ...beforeSwitch(release, choices),
    switchPlan(facts, release, choices),
    acceptPlan(release),
  ];
}

/** The figures of a run that its report shows; null where its step did not run. */
export function figuresOf(outputs: Outputs): JsonObject {
  const figure = (step: string, name: string) => outputs[step]?.[name] ?? null;
  return {
    switchMicroseconds: figure('switch', 'switchMicroseconds'),
    drainMs: figure('drain', 'drainMs'),
    requests: figure('observe', 'requests'),
    failedRequests: figure('observe', 'failedRequests'),
  };
}
