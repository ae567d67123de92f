import type { Json } from '../plan/plan.ts';

/** `block` stops an operation when it fails; `warn` is shown and stops nothing. */
export type Severity = 'block' | 'warn';

export interface Words {
  readonly fr: string;
  readonly en: string;
}

/** What is looked at; the fields beside `kind` are those of the kind's own schema. */
export interface Probe {
  readonly kind: string;
  readonly [field: string]: Json;
}

/** One item of a checklist. */
export interface Check {
  /** Unique among all checklists: signatures and waivers name it. */
  readonly id: string;
  /** The French title is the requirement's own sentence. */
  readonly title: Words;
  /** Why it matters. */
  readonly why: Words;
  readonly severity: Severity;
  /** All are looked at; the worst verdict is the check's. */
  readonly probes: readonly Probe[];
}

export interface Checklist {
  /** The file's name without `.yml`. */
  readonly name: string;
  readonly title: Words;
  readonly checks: readonly Check[];
}

/** The lists, in the order in which a deploy reaches them. */
export const CHECKLISTS = ['pre-deploy', 'deploy', 'post-deploy', 'rollback'] as const;

export interface Pass {
  readonly kind: 'pass';
  readonly observed: string;
  /** Who signed for it, and why, when no probe could look. */
  readonly by?: string;
  readonly reason?: string;
  /** ISO 8601; when the signature ends. */
  readonly until?: string;
}

export interface Fail {
  readonly kind: 'fail';
  readonly observed: string;
  readonly expected: string;
  /** The next command or edit, exactly. */
  readonly hint: string;
}

/** It could not be looked at; that is not a failure. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly why: string;
  readonly hint: string;
}

export interface Waived {
  readonly kind: 'waived';
  readonly by: string;
  readonly reason: string;
  /** ISO 8601 */
  readonly until: string;
  /** What the probe said all the same. */
  readonly observed: string;
}

export type Verdict = Pass | Fail | Unknown | Waived;

/** What a probe may say; people waive. */
export type Finding = Pass | Fail | Unknown;

export function pass(observed: string): Pass {
  return { kind: 'pass', observed };
}

export function fail(observed: string, expected: string, hint: string): Fail {
  return { kind: 'fail', observed, expected, hint };
}

export function unknown(why: string, hint: string): Unknown {
  return { kind: 'unknown', why, hint };
}

/** A check that was looked at. */
export interface Judged {
  readonly checklist: string;
  readonly check: Check;
  readonly verdict: Verdict;
  readonly durationMs: number;
}
