import type { Environment } from '../config/key.ts';
import { OmpayError } from '../core/errors.ts';
import type { HandlerContext } from '../plan/act.ts';
import type { JsonObject } from '../plan/plan.ts';
import { KINDS } from './kinds/index.ts';
import { runChecklist } from './run.ts';
import { evidenceData, seenLine, shownLine } from './shown.ts';
import type { CheckSources } from './sources.ts';
import type { Checklist, Judged } from './types.ts';
import { blocks } from './verdict.ts';

/**
 * Looks at a list within an operation: each verdict goes into the journal, whatever comes of it. Gives the counts.
 * Throws `checkBlocked` naming every check that blocks here, with what makes it pass.
 */
export async function runInOperation(
  list: Checklist,
  { sources, environment }: { readonly sources: CheckSources; readonly environment: Environment },
  { clock, signal, evidence }: Pick<HandlerContext, 'clock' | 'signal' | 'evidence'>,
): Promise<JsonObject> {
  const judged = await runChecklist(list, { kinds: KINDS, sources, clock, signal });
  for (const each of judged) evidence('check', evidenceData(each, environment));
  const blocking = judged.filter((each) => isBlocking(each, environment));
  if (blocking.length > 0) throw blocked(list.name, blocking);
  return { ...countsOf(judged), shown: summaryOf(judged) };
}

export function isBlocking({ check, verdict }: Judged, environment: Environment): boolean {
  return blocks(verdict, { severity: check.severity, environment });
}

export function countsOf(judged: readonly Judged[]) {
  const count = (kind: Judged['verdict']['kind']): number =>
    judged.filter(({ verdict }) => verdict.kind === kind).length;
  return { passed: count('pass'), failed: count('fail'), unknown: count('unknown'), waived: count('waived') };
}

/** `3 of 4 pass`, then a line for each that did not. */
function summaryOf(judged: readonly Judged[]): string {
  const { passed } = countsOf(judged);
  const others = judged.filter(({ verdict }) => verdict.kind !== 'pass').map((each) => shownLine(each));
  return [`${passed} of ${judged.length} pass`, ...others].join('\n');
}

/** What helps stands in the message under each check: what wraps this error (`rolledBack`) keeps that, and no hint. */
function blocked(list: string, blocking: readonly Judged[]): OmpayError {
  const counted = blocking.length === 1 ? '1 check blocks' : `${blocking.length} checks block`;
  const seen = blocking.map((each) => `\n  ${seenLine(each)}\n    next: ${wayOn(each)}`).join('');
  return new OmpayError('checkBlocked', `${counted} in ${list}:${seen}`, {
    hint: `when each has what stands under it, look again: ompay check run ${list}`,
  });
}

/** What could not be looked at may be signed; what failed may only be waived. */
function wayOn({ check: { id }, verdict }: Judged): string {
  const first = 'hint' in verdict ? `${verdict.hint}, or ` : '';
  return verdict.kind === 'unknown'
    ? `${first}ompay check sign ${id} --by NAME --reason TEXT`
    : `${first}ompay check waive ${id} --by NAME --reason TEXT --until YYYY-MM-DD`;
}
