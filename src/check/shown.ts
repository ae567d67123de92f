import type { Environment } from '../config/key.ts';
import type { JsonObject } from '../plan/plan.ts';
import type { Judged, Verdict, Words } from './types.ts';
import { blocks } from './verdict.ts';

/** More of one text is of no use to a reader, and a journal's line is bounded. */
const MAX_TEXT_LENGTH = 2000;

export type Language = keyof Words;

/** A verdict as the journal, `--json` and reports have it. */
export function evidenceData({ checklist, check, verdict }: Judged, environment: Environment): JsonObject {
  const { id, title, why, severity } = check;
  return {
    checklist,
    check: id,
    title: { ...title },
    why: { ...why },
    severity,
    blocks: blocks(verdict, { severity, environment }),
    verdict: clipped(verdict),
  };
}

function clipped(verdict: Verdict): JsonObject {
  return Object.fromEntries(
    Object.entries(verdict).map(([name, text]) => [name, String(text).slice(0, MAX_TEXT_LENGTH)]),
  );
}

/** `unknown tests-pass: npm test has not been run here (next: npm test)` */
export function shownLine({ check, verdict }: Judged): string {
  return `${verdict.kind} ${check.id}: ${shownVerdict(verdict)}`;
}

/** The same without what to do about it. */
export function seenLine({ check, verdict }: Judged): string {
  return `${verdict.kind} ${check.id}: ${seenText(verdict)}`;
}

/** What was seen, and what to do about it. One line. */
export function shownVerdict(verdict: Verdict): string {
  return 'hint' in verdict ? `${seenText(verdict)} (next: ${verdict.hint})` : seenText(verdict);
}

function seenText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'pass':
      return verdict.by === undefined
        ? verdict.observed
        : `signed by ${verdict.by} until ${verdict.until}: ${verdict.reason} (${verdict.observed})`;
    case 'fail':
      return `${verdict.observed}; expected: ${verdict.expected}`;
    case 'unknown':
      return verdict.why;
    case 'waived':
      return `waived by ${verdict.by} until ${verdict.until}: ${verdict.reason} (${verdict.observed})`;
  }
}
