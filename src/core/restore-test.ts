/** One restore from one copy alone, as if everything else were lost. Times are wall time, milliseconds. */
export interface RestoreTest {
  /** A ULID. */
  readonly id: string;
  readonly at: string;
  readonly site: string;
  readonly store: string;
  readonly offsite: boolean;
  readonly immutable: boolean;
  readonly outcome: 'proven' | 'failed';
  /** Why it failed; empty when it did not. */
  readonly problem: string;
  /** Null when it failed before a database was proven. */
  readonly restored: RestoredCopy | null;
  readonly targets: RestoreTargets;
}

export interface RestoreTargets {
  readonly rpoMs: number;
  readonly rtoMs: number;
}

export interface RestoredCopy {
  readonly backup: string;
  readonly backupStartedAt: string;
  readonly serverVersion: string;
  readonly sizeBytes: number;
  readonly checks: readonly RestoreCheck[];
  readonly fetchMs: number;
  readonly startMs: number;
  readonly proveMs: number;
  /** From the command to a proven database: what an outage would have to wait for. */
  readonly rtoMs: number;
  /** From the beginning of that backup, or from the end of its log, to the test: what would have been lost. */
  readonly rpoMs: number;
  /** The moment that was restored to, where the store has the log; null of the backup as it is. */
  readonly point: RestoredPoint | null;
}

/** A random moment between the backup and the end of the log. */
export interface RestoredPoint {
  /** The last transaction that is in. */
  readonly gtid: string;
  readonly committedAt: string;
  /** How many were replayed over the backup. */
  readonly transactions: number;
  readonly replayMs: number;
}

export interface RestoreCheck {
  readonly name: string;
  readonly verdict: 'pass' | 'fail' | 'absent';
  /** Empty unless it failed. */
  readonly why: string;
}

/** What the requirements ask: at most an hour of data lost, at most four hours without a database. */
export const RESTORE_TARGETS: RestoreTargets = { rpoMs: 3_600_000, rtoMs: 4 * 3_600_000 };

/** Whether the test says that an outage would be survived within the targets. */
export function hasPassed({ outcome, restored, targets }: RestoreTest): boolean {
  if (outcome === 'failed' || restored === null) return false;
  return restored.rtoMs <= targets.rtoMs && restored.rpoMs <= targets.rpoMs;
}
