/** One object, or one of its versions, as S3 tells of it. */
export interface BucketObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Undefined where the bucket keeps no versions. */
  readonly version: string | undefined;
}

export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
  /** Where checksums are sent with each part: the service asks for it again at the end. */
  readonly crc32: string | undefined;
}

export interface Upload {
  readonly key: string;
  readonly id: string;
}

export interface Reading {
  readonly key: string;
  readonly version: string | undefined;
  readonly fromByte: number;
}

export interface PutRules {
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What the service says of a bucket; null where it does not tell (no permission, no such call). */
export interface Protection {
  readonly keepsVersions: boolean | null;
  readonly locksObjects: boolean | null;
}

/**
 * The requests that a store needs, one method each; keys are whole (with the store's prefix). Throws OmpayError as
 * `src/store/s3/refusal.ts` names what the service refused.
 */
export interface Bucket {
  put(key: string, bytes: Uint8Array, rules: PutRules): Promise<void>;
  begin(key: string): Promise<Upload>;
  part(upload: Upload, number: number, bytes: Uint8Array, signal?: AbortSignal): Promise<UploadedPart>;
  finish(upload: Upload, parts: readonly UploadedPart[], rules: PutRules): Promise<void>;
  abort(upload: Upload): Promise<void>;
  /** Begun and neither finished nor aborted. */
  uploads(prefix: string): Promise<readonly Upload[]>;
  head(key: string): Promise<BucketObject | undefined>;
  /** The first bytes may take a round trip; a silent connection ends within the client's time limit. */
  read(reading: Reading): Promise<AsyncIterable<Uint8Array>>;
  /** The current objects, in the order of keys. */
  list(prefix: string): Promise<readonly BucketObject[]>;
  /** What each key was at that moment, in the order of keys: marks of deletion and later versions are looked past. */
  listAt(prefix: string, atMs: number): Promise<readonly BucketObject[]>;
  remove(key: string): Promise<void>;
  protection(): Promise<Protection>;
  close(): void;
}
