import { OmpayError } from '../core/errors.ts';
import type { HostName } from '../host/host.ts';
import { type RunContext, runPlan } from '../plan/run.ts';
import type { Inspected } from './inspect.ts';
import type { Change } from './kind.ts';
import { type HostChanges, provisionPlans } from './plan.ts';

/** What a change brings about can be the ground of another: looked at again at most so often. */
const MAX_PASSES = 3;

export interface ProvisionKit extends RunContext {
  readonly inspect: (host: HostName) => Promise<Inspected>;
  readonly guardSeconds: number;
}

/** What became of one host. */
export interface HostOutcome {
  readonly host: HostName;
  /** What the first look found, by its resource. */
  readonly predicted: readonly string[];
  /** What only a later look found: empty, unless something is not told well. */
  readonly unpredicted: readonly string[];
  readonly failure?: HostFailure;
}

export interface HostFailure {
  readonly error: unknown;
  /** `db1/mysql`: the plan that failed; what it had done was undone, but for the steps of `undoFailed`. */
  readonly plan: string;
  readonly undoFailed: readonly string[];
}

/**
 * Makes one host as it is declared, looks again, and goes on until nothing is left. Never throws for what a step did: the
 * other hosts are not concerned.
 */
export async function provisionHost(first: HostChanges, kit: ProvisionKit): Promise<HostOutcome> {
  const { host } = first;
  const predicted = resourcesOf(first);
  const unpredicted: string[] = [];
  let changes = first;
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    if (resourcesOf(changes).length === 0) return { host, predicted, unpredicted };
    const failure = await runAll(changes, kit);
    if (failure !== undefined) return { host, predicted, unpredicted, failure };
    const again = await lookAgain(host, kit);
    if (!('changes' in again)) return { host, predicted, unpredicted, failure: again };
    changes = again.changes;
    unpredicted.push(...resourcesOf(changes).filter((each) => !predicted.includes(each)));
  }
  const failure = { error: notAsDeclared(changes), plan: `${host}/look`, undoFailed: [] };
  return { host, predicted, unpredicted, failure };
}

async function runAll(changes: HostChanges, kit: ProvisionKit): Promise<HostFailure | undefined> {
  for (const plan of provisionPlans(changes, kit.guardSeconds)) {
    const outcome = await runPlan(plan, kit);
    if (outcome.kind === 'failed')
      return { error: outcome.error, plan: plan.name, undoFailed: outcome.undoFailed };
  }
  return undefined;
}

async function lookAgain(host: HostName, { inspect }: ProvisionKit): Promise<Inspected | HostFailure> {
  try {
    return await inspect(host);
  } catch (error) {
    return { error, plan: `${host}/look`, undoFailed: [] };
  }
}

function notAsDeclared(changes: HostChanges): OmpayError {
  const left = allChanges(changes).map(({ resource, shown }) => `${resource} (${shown})`);
  return new OmpayError(
    'drift',
    `${changes.host} is not as declared after ${MAX_PASSES} rounds: ${left.join('; ')}`,
    { hint: `see what changes it back on ${changes.host}: ompay provision --plan --hosts ${changes.host}` },
  );
}

export function allChanges({ roles }: HostChanges): readonly Change[] {
  return roles.flatMap(({ changes }) => changes);
}

function resourcesOf(changes: HostChanges): readonly string[] {
  return allChanges(changes).map(({ resource }) => resource);
}
