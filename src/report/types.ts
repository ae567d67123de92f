import type { ShownError } from '../plan/event.ts';
import type { JsonObject } from '../plan/plan.ts';

/** Grows when a field goes or changes its meaning; a new field does not change it. */
export const REPORT_SCHEMA = 1;

/**
 * One run, as its journal lines tell it: `.ompay/reports/RUN.json`, described in docs/report.md and checked against
 * docs/report.schema.json. Times are ISO 8601 in UTC, durations milliseconds; null means that the run did not tell.
 */
export interface RunReport {
  readonly kind: 'ompay-report';
  readonly schema: typeof REPORT_SCHEMA;
  readonly run: string;
  /** The words of the command, `deploy` or `backup create`. */
  readonly command: string;
  readonly title: string;
  /** `user@host` */
  readonly by: string;
  readonly input: JsonObject;
  readonly startedAt: string;
  /** Null for a run that is still going, and for one that was killed. */
  readonly endedAt: string | null;
  /** The time of its newest line. */
  readonly lastSeenAt: string;
  readonly durationMs: number | null;
  readonly outcome: Outcome;
  readonly exitCode: number | null;
  readonly summary: string | null;
  readonly failure: Failure | null;
  readonly stoppedAt: StepName | null;
  readonly releases: { readonly from: KnownRelease; readonly to: KnownRelease };
  /** What clients get since the end of this run; null for a command that decides nothing about it. */
  readonly serving: KnownRelease | null;
  readonly figures: Figures;
  readonly phases: readonly Phase[];
  readonly checks: readonly ReportedCheck[];
  readonly observations: readonly Observation[];
  readonly backup: BackupFacts | null;
  readonly migrations: MigrationFacts;
  readonly notes: readonly { readonly at: string; readonly text: string }[];
  readonly proof: Proof;
}

/**
 * `done` exit 0; `unchanged` nothing had to be done; `blocked` a check said no; `busy` another held the lock;
 * `rolledBack` undone by itself; `failed`; `notRolledBack` an undo failed too; `interrupted` by the operator, undone;
 * `killed` the journal ends without an end; `running`.
 */
export type Outcome =
  | 'done'
  | 'unchanged'
  | 'blocked'
  | 'busy'
  | 'rolledBack'
  | 'failed'
  | 'notRolledBack'
  | 'interrupted'
  | 'killed'
  | 'running';

export interface StepName {
  readonly plan: string;
  readonly step: string;
  readonly title: string;
}

/** Why the run failed; the step is null when no step did. */
export interface Failure {
  readonly step: StepName | null;
  readonly error: ShownError;
}

export type KnownRelease =
  | {
      readonly state: 'release';
      readonly id: string;
      readonly version: string | null;
      /** The git commit, with `+changes` when the work tree differed. */
      readonly commit: string | null;
    }
  | { readonly state: 'none' | 'unknown' };

export interface Figures {
  readonly requests: number | null;
  readonly failedRequests: number | null;
  readonly switchMicroseconds: number | null;
  readonly drainMs: number | null;
}

export interface Phase {
  readonly plan: string;
  readonly title: string;
  /** From the run's start. */
  readonly startMs: number;
  readonly durationMs: number | null;
  readonly state: 'done' | 'failed' | 'open';
  readonly steps: readonly ReportedStep[];
  readonly undos: readonly Undo[];
}

export interface ReportedStep {
  readonly step: string;
  readonly title: string;
  /** `open`: begun, and the journal does not say how it ended. */
  readonly state: 'done' | 'skipped' | 'failed' | 'open' | 'notRun';
  readonly startMs: number | null;
  readonly durationMs: number | null;
  /** Its result in words. */
  readonly shown: string | null;
  readonly error: ShownError | null;
}

export interface Undo {
  readonly step: string;
  readonly title: string;
  readonly state: 'done' | 'failed' | 'open';
  readonly durationMs: number | null;
  readonly error: ShownError | null;
}

export interface ReportedCheck {
  readonly checklist: string;
  readonly check: string;
  readonly title: { readonly fr: string; readonly en: string };
  /** `block` or `warn`. */
  readonly severity: string | null;
  readonly verdict: CheckVerdict;
}

export interface CheckVerdict {
  readonly kind: 'pass' | 'fail' | 'unknown' | 'waived';
  readonly observed: string | null;
  readonly expected: string | null;
  readonly why: string | null;
  readonly hint: string | null;
  /** Who signed a pass, or waived. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly until: string | null;
}

export interface Observation {
  readonly slot: string | null;
  readonly verdict: 'well' | 'bad' | 'inconclusive' | null;
  readonly reasons: readonly string[];
  /** The release before, up to the switch. */
  readonly before: Traffic | null;
  readonly after: Traffic | null;
  /** Upper bounds of the histograms' buckets, ms, ascending. */
  readonly boundsMs: readonly number[];
  readonly perSecond: readonly Second[];
  /** Requests of our own. */
  readonly probes: Probes | null;
  /** How often the ledger's invariants were looked at. */
  readonly ledgerLooks: number | null;
  /** Whose latencies were compared with those of the release before. */
  readonly compared: readonly string[];
  readonly rule: JsonObject;
}

export interface Probes {
  readonly sent: number;
  readonly wrong: number | null;
  /** Of our own reads of the new release, and of the same reads of the old one at the same time. */
  readonly p95Ms: number | null;
  readonly oldP95Ms: number | null;
}

export interface Traffic extends Percentiles {
  readonly requests: number | null;
  readonly failed: number | null;
  /** Requests by bucket of `boundsMs`; empty when it was not told. */
  readonly histogram: readonly number[];
}

export interface Percentiles {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Second extends Percentiles {
  /** When it begins, from the switch: 0 is the first after it, -1 the last before it. */
  readonly second: number;
  /** More than 1 when a long watch was told in fewer points; the counts are of all of them. */
  readonly lastsSeconds: number;
  readonly requests: number;
  readonly failed: number;
}

export interface BackupFacts {
  readonly id: string;
  readonly method: string | null;
  readonly sizeBytes: number | null;
  /** How many proofs of the ledger held on the started copy; null when the run did not get that far. */
  readonly checks: number | null;
  readonly captureMs: number | null;
  readonly readBackMs: number | null;
  readonly startMs: number | null;
  readonly proveMs: number | null;
}

export interface MigrationFacts {
  /** The expand steps that were applied; null when the run did not get there. */
  readonly applied: readonly string[] | null;
  /** What the steps about migrations saw, as they told it. */
  readonly evidence: readonly JsonObject[];
}

/** Where to find it in the journal. A line is proven when its hash and the installation's signature hold. */
export interface Proof {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lines: number;
  readonly lastHash: string;
  /** Numbers of lines that were changed after they were written; empty is good. */
  readonly brokenSeqs: readonly number[];
}
