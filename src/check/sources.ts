import type { Slot } from '../core/layout.ts';
import type { Evidence } from './evidence.ts';
import type { History, RunSeen } from './history.ts';

/**
 * What checks may ask, and nothing else: each kind reads plain answers, and src/cli/kit/checks.ts composes them from
 * the other domains. Undefined means that there is nothing to see yet; what cannot be read throws, which makes the
 * check unknown.
 */
export interface CheckSources {
  /** Whether a look may ask another machine. False in a local deploy, which must work without a network. */
  readonly network: boolean;
  /** Of the package. */
  readonly version: string;
  source(): Promise<Source>;
  /** What `npm test`, a bench or an audit wrote. Throws `stateUnusable` when it is not as it was written. */
  evidence(name: string): Promise<Evidence | undefined>;
  /** A text of the program's folder. */
  text(path: string): Promise<string | undefined>;
  /** The files that git tracks, or those of the source where git is not used; texts only. */
  trackedTexts(): Promise<readonly SourceText[]>;
  /** The pages that are made from the code, as they must be. */
  generated(): Promise<readonly SourceText[]>;
  /** The report of the dependency audit: from this machine when it is fresh, else from the registry, if `network`. */
  audit(maxAgeMs: number, signal: AbortSignal): Promise<Audit | undefined>;
  /** The signed journal's newest runs and notes. Throws `journalBroken` when a line is not as it was written. */
  history(): Promise<History>;
  /** The run that this look belongs to; undefined outside an operation. */
  currentRun(): Promise<RunSeen | undefined>;
  /** Undefined while nothing is deployed or nothing runs. */
  slots(): Promise<Slots | undefined>;
  /** The names that the API's /metrics has. */
  metricNames(): Promise<readonly string[]>;
  /** What the live slot's /metrics says now, in Prometheus' text format. */
  metrics(signal: AbortSignal): Promise<string>;
  /** The newest lines that a slot wrote: 10 MB of them, up to 20. */
  logLines(slot: Slot): Promise<readonly string[]>;
  /** Newest first; each was proven before it was listed. */
  backups(): Promise<readonly BackupSeen[]>;
  /** Reads every copy of a backup back, to a level of `ompay backup verify`. */
  readBack(backup: string, level: number, signal: AbortSignal): Promise<Trial>;
  /** The newest restore test; undefined when there was none. Throws `backupDamaged` when its record was changed. */
  restoreTest(): Promise<RestoreTestSeen | undefined>;
  /** The release that a rollback goes to, undefined when none was live before. */
  previousRelease(): Promise<PreviousRelease | undefined>;
  /** Makes the plan of a rollback to that release and asks its target; nothing is switched. */
  tryRollback(signal: AbortSignal): Promise<Trial | undefined>;
  /** What was told to the team by the current run, else by the newest that told anything. */
  teamMessage(): Promise<TeamMessage | undefined>;
}

export interface Source {
  /** Over every file that the program is made of: src/check/source-tree.ts. */
  readonly sha256: string;
  /** Short, with `+changes` when the work tree differs; null outside git. */
  readonly commit: string | null;
}

export interface SourceText {
  readonly path: string;
  readonly text: string;
}

export interface Audit {
  /** ISO 8601 */
  readonly at: string;
  readonly packages: number;
  /** By severity, as npm counts them: info, low, moderate, high, critical. */
  readonly vulnerabilities: Readonly<Record<string, number>>;
}

export interface SlotSeen {
  readonly release: string | null;
  readonly pid: number | null;
  readonly restarts: number;
  /** Epoch milliseconds of its process's start. */
  readonly sinceMs: number | null;
}

export interface Slots {
  readonly live: Slot | null;
  readonly slots: Readonly<Record<Slot, SlotSeen>>;
}

export interface BackupSeen {
  readonly id: string;
  /** ISO 8601 */
  readonly finishedAt: string;
  readonly copies: readonly {
    readonly store: string;
    /** ISO 8601 */
    readonly verifiedAt: string;
    readonly failedAt?: string;
  }[];
}

export interface RestoreTestSeen {
  /** ISO 8601 */
  readonly at: string;
  readonly store: string;
  /** Restored, proven, and within its targets. */
  readonly passed: boolean;
  /** Empty unless the restore failed. */
  readonly problem: string;
}

export interface PreviousRelease {
  readonly id: string;
  readonly version: string;
  readonly commit: string | null;
  /** Files that are missing or not those that were built. */
  readonly damaged: readonly string[];
  /** Was live, and watched to the end. */
  readonly wasWell: boolean;
}

/** Something was tried without changing anything. */
export interface Trial {
  readonly works: boolean;
  readonly seen: string;
}

export interface TeamMessage {
  readonly run: string;
  /** ISO 8601 */
  readonly at: string;
  readonly subject: string;
  /** `delivered`: one channel at least took it; `pending`: the run was killed meanwhile; `notConfigured`: no channel. */
  readonly state: string;
}
