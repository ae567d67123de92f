import { isoTime } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { JsonObject } from '../plan/plan.ts';
import type { NoteSeen } from './history.ts';
import type { Check, Checklist, Finding, Verdict } from './types.ts';
import { observedOf } from './verdict.ts';

const DAY_MS = 86_400_000;
/** A signature says that a person looked: for one source, and not for ever. */
export const SIGNATURE_DAYS = 30;
/** A waiver says that a failure is borne: never for longer than a quarter. */
export const MAX_WAIVER_DAYS = 90;
const MAX_NAME_LENGTH = 100;
const MAX_REASON_LENGTH = 500;

/** What a person states of a check; kept in the journal as a note. */
export interface Statement {
  readonly statement: 'signature' | 'waiver';
  readonly check: string;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601; it counts before this moment. */
  readonly until: string;
  /** The source that a signature was made for; null for a waiver, which holds for any. */
  readonly source: string | null;
}

interface Wanted {
  readonly check: string;
  readonly by: string | undefined;
  readonly reason: string | undefined;
}

/** "I looked, and it is well." Throws `usage` or `notFound` for what cannot be signed. */
export function signature(
  wanted: Wanted,
  lists: readonly Checklist[],
  { source, nowMs }: { readonly source: string; readonly nowMs: number },
): Statement {
  const until = isoTime(nowMs + SIGNATURE_DAYS * DAY_MS);
  return { statement: 'signature', ...stated(wanted, lists, 'sign'), until, source };
}

/** "It is not well, and we go on until then." Throws `usage` or `notFound` for what cannot be waived. */
export function waiver(
  wanted: Wanted & { readonly until: string | undefined },
  lists: readonly Checklist[],
  nowMs: number,
): Statement {
  const named = stated(wanted, lists, 'waive');
  return {
    statement: 'waiver',
    ...named,
    until: endOfWaiver(wanted.until, named.check, nowMs),
    source: null,
  };
}

function stated(wanted: Wanted, lists: readonly Checklist[], verb: 'sign' | 'waive') {
  const { id } = findCheck(lists, wanted.check);
  return {
    check: id,
    by: words(wanted.by, { option: '--by', max: MAX_NAME_LENGTH, example: exampleOf(verb, id) }),
    reason: words(wanted.reason, {
      option: '--reason',
      max: MAX_REASON_LENGTH,
      example: exampleOf(verb, id),
    }),
  };
}

function exampleOf(verb: 'sign' | 'waive', id: string): string {
  return `ompay check ${verb} ${id} --by NAME --reason TEXT${verb === 'waive' ? ' --until YYYY-MM-DD' : ''}`;
}

/** Throws `notFound` naming the checks that exist. */
export function findCheck(lists: readonly Checklist[], id: string): Check {
  const checks = lists.flatMap((list) => list.checks);
  const check = checks.find((each) => each.id === id);
  if (check !== undefined) return check;
  throw new OmpayError(
    'notFound',
    `no check is named ${JSON.stringify(id)}; there are ${checks.map((each) => each.id).join(', ')}`,
    { hint: 'ompay check list' },
  );
}

function words(
  text: string | undefined,
  rule: { readonly option: string; readonly max: number; readonly example: string },
): string {
  const trimmed = text?.trim() ?? '';
  const isOneLine = !/\p{Cc}/u.test(trimmed);
  if (trimmed !== '' && isOneLine && trimmed.length <= rule.max) return trimmed;
  const seen = text === undefined ? 'missing' : `seen ${JSON.stringify(text.slice(0, rule.max))}`;
  throw new OmpayError('usage', `${rule.option} must be one line of 1 to ${rule.max} characters, ${seen}`, {
    hint: rule.example,
  });
}

/** A day lasts to its end (UTC). */
function endOfWaiver(text: string | undefined, id: string, nowMs: number): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text ?? '');
  const startMs = isDay ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const endMs = startMs + DAY_MS;
  const latest = isoTime(nowMs + MAX_WAIVER_DAYS * DAY_MS).slice(0, 10);
  const isReal = isDay && !Number.isNaN(startMs) && isoTime(startMs).slice(0, 10) === text;
  if (isReal && endMs > nowMs && startMs <= nowMs + MAX_WAIVER_DAYS * DAY_MS) return isoTime(endMs);
  const why = !isReal
    ? 'is not a day'
    : endMs <= nowMs
      ? 'is past'
      : `is more than ${MAX_WAIVER_DAYS} days away`;
  throw new OmpayError(
    'usage',
    `--until ${text === undefined ? 'is missing' : `${JSON.stringify(text)} ${why}`}`,
    {
      hint: `ompay check waive ${id} --by NAME --reason TEXT --until ${latest}`,
    },
  );
}

/** The statements among the journal's notes, oldest first. */
export function statementsIn(notes: readonly NoteSeen[]): readonly Statement[] {
  return notes.map(({ data }) => data).filter(isStatement);
}

function isStatement(data: JsonObject): data is JsonObject & Statement {
  const texts = ['check', 'by', 'reason', 'until'].every((name) => typeof data[name] === 'string');
  const isKind = data.statement === 'signature' || data.statement === 'waiver';
  return texts && isKind && (data.source === null || typeof data.source === 'string');
}

/**
 * The verdict once people have had their say: a waiver covers what failed or could not be looked at, a signature only
 * what could not be looked at. Pure.
 */
export function stateOn(
  finding: Finding,
  statements: readonly Statement[],
  now: { readonly check: string; readonly source: string; readonly nowMs: number },
): Verdict {
  if (finding.kind === 'pass') return finding;
  const valid = statements.filter(({ check, until }) => check === now.check && Date.parse(until) > now.nowMs);
  const waived = valid.findLast(({ statement }) => statement === 'waiver');
  const signed = valid.findLast(
    ({ statement, source }) => statement === 'signature' && source === now.source,
  );
  if (signed !== undefined && finding.kind === 'unknown') {
    const { by, reason, until } = signed;
    return { kind: 'pass', observed: observedOf(finding), by, reason, until };
  }
  if (waived === undefined) return finding;
  const { by, reason, until } = waived;
  return { kind: 'waived', by, reason, until, observed: observedOf(finding) };
}
