import type { ArchiveEntry } from '../core/archive.ts';
import type { ProofQuery, QuerySession, SourceFacts } from './proof.ts';

export type EngineName = 'mariadb' | 'mysql' | 'pglite' | 'postgres';

/**
 * A kind of database, as backups and restores see it: it can be copied while it serves, and a copy can be started.
 * Every wait inside is bounded. Throws OmpayError `databaseUnavailable` and `timeout`; nothing is retried here.
 */
export interface Engine {
  readonly name: EngineName;
  /**
   * Copies the database once, as of the end of the copy. `archive` reads the entries to their end, in order; when it
   * fails, the database leaves its backup mode and that error is thrown. Clients are served meanwhile.
   */
  capture<T>(request: CaptureRequest, archive: (source: CaptureSource) => Promise<T>): Promise<Captured<T>>;
  /**
   * Starts a database on a folder that holds an extracted copy; recovery happens here. The folder is changed.
   * Throws `backupDamaged` when it does not start.
   */
  boot(folder: string, request: BootRequest): Promise<BootedDatabase>;
  /** Ends what a `boot` that was killed left running on the folder. Does nothing when there is none. */
  reap(folder: string): Promise<void>;
}

export interface CaptureRequest {
  /** The backup's id; shows in the server's own records. */
  readonly label: string;
  /** Asked of the source before and after the copy. */
  readonly queries: readonly ProofQuery[];
  readonly signal?: AbortSignal;
}

export interface CaptureSource {
  /** Stable over restarts; a database made anew has another. */
  readonly serverUuid: string;
  /** `cold`: the database was not running, and was kept from starting or is known not to have started. */
  readonly method: 'online' | 'cold';
  readonly entries: AsyncIterable<ArchiveEntry>;
}

export interface Captured<T> {
  readonly archived: T;
  /** Positions in the server's log: where replay begins, and where the copy is consistent. */
  readonly from: string;
  readonly to: string;
  /** Null of a cold copy: nobody could be asked. */
  readonly facts: SourceFacts | null;
}

export interface BootRequest {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface BootedDatabase extends QuerySession {
  /** For example `PostgreSQL 18.6 (PGlite 0.5.14)`. */
  readonly serverVersion: string;
  /** Where clients reach it; nobody else knows the place. */
  readonly socketPath: string;
  /** `clean` writes everything down for the next start; otherwise the process is killed and the folder is of no use. */
  stop(how: 'clean' | 'kill'): Promise<void>;
}
