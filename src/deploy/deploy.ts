import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import type { JsonObject, Plan } from '../plan/plan.ts';
import { type Outputs, type PlanOutcome, type RunContext, runPlan } from '../plan/run.ts';
import {
  backupPlan,
  buildPlan,
  type DeployChoices,
  idleSlot,
  migratePlan,
  preflightPlan,
  preparePlan,
  prunePlan,
  servicesPlan,
  switchPlan,
  warmRollbackPlan,
} from './plan.ts';
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
  const previous = before.live === null ? null : before.slots[before.live].release;
  if (isLive(before, release, choices)) return { changed: false, release, previous, outputs: {} };

  const hadData = before.hasData;
  await phase(kit, servicesPlan());
  await phase(kit, backupPlan({ ...(await kit.facts()), hasData: hadData }));
  await phase(kit, buildPlan());
  await phase(kit, migratePlan());
  await phase(kit, preparePlan(await kit.facts(), release, kit.layout));
  const outputs = await switchPhase(kit, switchPlan(await kit.facts(), release, choices));
  await phase(kit, prunePlan(choices.keep));
  return { changed: true, release, previous, outputs };
}

/** Goes back to a release that is warm in the other slot, or starts it there first. */
export async function rollback(
  kit: DeployKit,
  release: Release,
  choices: DeployChoices,
): Promise<DeployResult> {
  const before = await kit.facts();
  const previous = before.live === null ? null : before.slots[before.live].release;
  if (previous === release.id) return { changed: false, release, previous, outputs: {} };
  const idle = before.slots[idleSlot(before)];
  if (idle.release === release.id && idle.pid !== null) {
    return {
      changed: true,
      release,
      previous,
      outputs: await switchPhase(kit, warmRollbackPlan(before, release, kit.layout)),
    };
  }
  await phase(kit, preparePlan(before, release, kit.layout));
  const outputs = await switchPhase(kit, switchPlan(await kit.facts(), release, choices));
  return { changed: true, release, previous, outputs };
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

function failureBefore(plan: Plan, outcome: Extract<PlanOutcome, { kind: 'failed' }>): unknown {
  const { error, undoFailed } = outcome;
  if (undoFailed.length > 0) return notUndone(plan, error, undoFailed);
  // Errors of preflight, lock and the operator's own interruption keep their own exit code: nothing was begun.
  if (plan.name !== 'prepare' || isInterruption(error)) return error;
  return new OmpayError('rolledBack', `the new release was not made live: ${said(error)}`, {
    hint: 'the old one never stopped serving; read why: ompay logs',
    cause: error,
  });
}

/** The switch and what follows are undone together: a failure puts the old slot back. */
async function switchPhase(kit: RunContext, plan: Plan): Promise<Outputs> {
  const outcome = await runPlan(plan, kit);
  if (outcome.kind === 'done') return outcome.outputs;
  if (outcome.undoFailed.length > 0) throw notUndone(plan, outcome.error, outcome.undoFailed);
  if (isInterruption(outcome.error)) throw outcome.error;
  throw new OmpayError('rolledBack', `rolled back: ${said(outcome.error)}`, {
    hint: 'the release before serves again; read why: ompay logs, ompay audit list',
    cause: outcome.error,
  });
}

function notUndone(plan: Plan, error: unknown, undoFailed: readonly string[]): OmpayError {
  return new OmpayError(
    'notRolledBack',
    `${said(error)}; and undoing ${undoFailed.join(', ')} of ${plan.name} failed too`,
    {
      hint: 'see what serves now: ompay status; then ompay rollback, or ompay deploy again',
      cause: error,
    },
  );
}

function isInterruption(error: unknown): boolean {
  return error instanceof OmpayError && error.code === 'interrupted';
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What `--plan` prints: every phase with what is known now. */
export function plansOf(
  facts: LocalFacts,
  release: Release,
  choices: DeployChoices,
  layout: Layout,
): readonly Plan[] {
  return [
    preflightPlan(facts, choices),
    servicesPlan(),
    backupPlan(facts),
    buildPlan(),
    migratePlan(),
    preparePlan(facts, release, layout),
    switchPlan(facts, release, choices),
    prunePlan(choices.keep),
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
