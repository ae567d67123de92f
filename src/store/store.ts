/** What a store knows of one object. Keys are relative, `/` between their parts, for example `local/pglite-…/repo.json`. */
export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export interface PutOptions {
  /** Refuse when the key exists, atomically: of two writers at once exactly one wins. */
  readonly ifAbsent?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * A place for copies of backups. A reader never sees part of an object: `put` shows the whole of it at once, after it
 * is durable, and leaves nothing behind when it throws. Every wait is bounded; what a store retries (a lost connection, a
 * request that S3 answers with 5xx) it retries within bounds of its own.
 *
 * Throws OmpayError: `notFound` (get of a key that is not there), `alreadyExists` (put with `ifAbsent`),
 * `stateUnusable` (no space, read-only, a store that cannot do what it must), `accessDenied`, `hostUnreachable`,
 * `timeout`, `usage` (a key that could leave the store).
 */
export interface Store {
  /** What reports and `Copy.store` call it; unique in a configuration. */
  readonly name: string;
  /** What it is kept on, as the rule of two media counts it: two stores on one disk have the same. */
  readonly medium: string;
  /** Away from this machine's site: fire or theft here does not reach it. */
  readonly offsite: boolean;
  /** Its objects cannot be changed or deleted before their time, even with our own credentials. */
  readonly immutable: boolean;
  put(
    key: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    options?: PutOptions,
  ): Promise<StoredObject>;
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  /** Undefined when the key is not there. */
  head(key: string): Promise<StoredObject | undefined>;
  /** Every object whose key begins with `prefix` (which ends in `/`), in the order of keys. */
  list(prefix: string): Promise<readonly StoredObject[]>;
  /** Does nothing when the key is not there. */
  delete(key: string): Promise<void>;
  /**
   * Removes what writers that died left under `prefix`, and returns how many. The caller holds the lock that
   * excludes living writers.
   */
  sweep(prefix: string): Promise<number>;
  /** What does not protect copies here as it could, each a sentence: no versioning, no lock. Changes nothing. */
  weaknesses(): Promise<readonly string[]>;
  /** Ends its connections; the store can still be used, and connects anew. */
  close(): Promise<void>;
}
