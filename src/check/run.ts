import type { Clock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import type { Kind } from './kind.ts';
import type { CheckSources } from './sources.ts';
import { type Statement, statementsIn, stateOn } from './statements.ts';
import { type Check, type Checklist, type Finding, type Judged, type Probe, unknown } from './types.ts';
import { worst } from './verdict.ts';

export interface CheckKit {
  readonly kinds: readonly Kind[];
  readonly sources: CheckSources;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Looks at every check of a list, all at once, each within its kind's time limit. Never throws for what is seen. */
export async function runChecklist(list: Checklist, kit: CheckKit): Promise<readonly Judged[]> {
  const people = await peopleOf(kit);
  const judged = await Promise.all(list.checks.map((check) => judge(list.name, check, kit, people)));
  kit.signal.throwIfAborted();
  return judged;
}

interface People {
  readonly statements: readonly Statement[];
  /** The source that signatures must be made for. */
  readonly source: string;
  /** Why statements do not count; undefined when they do. */
  readonly problem: string | undefined;
}

/** A journal that was changed proves no statement: then none counts. */
async function peopleOf({ sources }: CheckKit): Promise<People> {
  try {
    const [{ notes }, { sha256 }] = await Promise.all([sources.history(), sources.source()]);
    return { statements: statementsIn(notes), source: sha256, problem: undefined };
  } catch (error) {
    return { statements: [], source: '', problem: messageOf(error) };
  }
}

async function judge(checklist: string, check: Check, kit: CheckKit, people: People): Promise<Judged> {
  const startedMs = kit.clock.monotonicMs();
  const findings = await Promise.all(check.probes.map((probe) => lookAt(probe, kit)));
  const finding = withProblem(worst(findings), people.problem);
  const now = { check: check.id, source: people.source, nowMs: kit.clock.now() };
  const durationMs = kit.clock.monotonicMs() - startedMs;
  return { checklist, check, verdict: stateOn(finding, people.statements, now), durationMs };
}

function withProblem(finding: Finding, problem: string | undefined): Finding {
  if (problem === undefined || finding.kind === 'pass') return finding;
  const what = `signatures and waivers cannot be read: ${problem}`;
  if (finding.kind === 'fail') return { ...finding, observed: `${finding.observed}; ${what}` };
  return finding.why.includes(problem) ? finding : { ...finding, why: `${finding.why}; ${what}` };
}

/** Whatever keeps it from looking makes it unknown: only what was seen can fail. */
async function lookAt(probe: Probe, { kinds, sources, clock, signal }: CheckKit): Promise<Finding> {
  const kind = kinds.find((each) => each.kind === probe.kind);
  if (kind === undefined) throw new TypeError(`no kind is named ${probe.kind}: the list was not validated`);
  const over = new AbortController();
  const looking = AbortSignal.any([signal, over.signal]);
  try {
    const look = kind.look(probe, sources, { nowMs: clock.now(), signal: looking });
    return await Promise.race([look, tooLate(kind, clock, looking)]);
  } catch (error) {
    return unknown(messageOf(error), hintOf(error));
  } finally {
    over.abort();
  }
}

/** Only ever rejects: after the limit, or when the look is over and nobody listens any more. */
async function tooLate({ kind, timeoutMs }: Kind, clock: Clock, looking: AbortSignal): Promise<never> {
  await clock.sleep(timeoutMs, looking);
  throw new OmpayError('timeout', `${kind} was still looking after ${timeoutMs} ms`, {
    hint: 'see whether the machine is overloaded: ompay doctor; then look again',
  });
}

function hintOf(error: unknown): string {
  return error instanceof OmpayError ? error.hint : 'this is a fault of ompay itself: please report it';
}
