import type { Slot } from '../core/layout.ts';

/** What is deployed: a bundle, its manifest, nothing else. The id is its content: same source, same id. */
export interface Release {
  /** The first 12 hex characters of `sha256`. */
  readonly id: string;
  /** The package's version, for people. */
  readonly version: string;
  /** SHA-256 hex over the names and hashes of the files and the runtime's version. */
  readonly sha256: string;
  readonly builtAt: string;
  /** The git commit, with `+changes` when the work tree differed; null outside git. */
  readonly commit: string | null;
  /** The version of Node that runs it. */
  readonly node: string;
  /** The newest migration that its code knows: what `contract` must wait for. */
  readonly newestMigration: string;
  readonly files: readonly ReleaseFile[];
}

export interface ReleaseFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** What runs in a slot, as the supervisor says. */
export interface SlotState {
  readonly slot: Slot;
  /** Null when nothing is to run there. */
  readonly release: string | null;
  readonly pid: number | null;
}

/** A read-only look at the local installation, just before a phase. */
export interface LocalFacts {
  /** The slot that `current.sock` points to; null before the first deploy. */
  readonly live: Slot | null;
  readonly slots: Readonly<Record<Slot, SlotState>>;
  readonly supervisorRuns: boolean;
  readonly databaseRuns: boolean;
  readonly frontRuns: boolean;
  /** The port that the front was last given, also while it does not run; null before the first deploy. */
  readonly port: number | null;
  /** Whether the database's folder exists. */
  readonly hasData: boolean;
  readonly releases: readonly Release[];
  /** Ids of those that were live and watched to the end, newest first. */
  readonly accepted: readonly string[];
}
