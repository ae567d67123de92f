import { OmpayError } from '../../core/errors.ts';
import { assertKey, assertPrefix } from '../key.ts';
import type { PutOptions, Store, StoredObject } from '../store.ts';
import type { Bucket, BucketObject, Protection } from './bucket.ts';
import { download } from './download.ts';
import { upload } from './upload.ts';

export interface ObjectsSettings {
  readonly name: string;
  readonly bucket: Bucket;
  readonly medium: string;
  /** Before every key in the bucket; empty or ending in `/`. */
  readonly prefix: string;
  readonly offsite: boolean;
  readonly partBytes: number;
  /** Null: objects are not locked. */
  readonly lockDays: number | null;
  /** The bucket as it was at this moment, for reading alone; null for now. */
  readonly asOfMs: number | null;
}

/** The objects of a bucket below a prefix, as a store. */
export function objectStore(settings: ObjectsSettings): Store {
  const { name, bucket, medium, offsite, lockDays, prefix } = settings;
  const condition = { isProven: false };
  return {
    name,
    medium,
    offsite,
    immutable: lockDays !== null,
    put: (key, content, options) => put(settings, condition, { key, content, ...options }),
    get: async (key) => {
      const object = await find(settings, key);
      if (object !== undefined) return download(bucket, object);
      throw new OmpayError('notFound', `${name}: ${key} is not there`, { hint: 'ompay backup list' });
    },
    head: async (key) => {
      const object = await find(settings, key);
      return object === undefined ? undefined : stored(object, key);
    },
    list: async (wanted) => {
      assertPrefix(wanted);
      const objects = await listOf(settings, `${prefix}${wanted}`);
      return objects.map((object) => stored(object, object.key.slice(prefix.length)));
    },
    delete: async (key) => {
      assertKey(key);
      assertIsNow(settings);
      await bucket.remove(`${prefix}${key}`);
    },
    sweep: async (wanted) => {
      assertPrefix(wanted);
      if (settings.asOfMs !== null) return 0;
      const uploads = await bucket.uploads(`${prefix}${wanted}`);
      for (const upload of uploads) await bucket.abort(upload);
      return uploads.length;
    },
    weaknesses: async () => weaknessesOf(settings, await bucket.protection()),
    close: async () => bucket.close(),
  };
}

interface Putting extends PutOptions {
  readonly key: string;
  readonly content: AsyncIterable<Uint8Array> | Uint8Array;
}

async function put(
  settings: ObjectsSettings,
  condition: { isProven: boolean },
  { key, content, ifAbsent = false, signal }: Putting,
): Promise<StoredObject> {
  assertKey(key);
  assertIsNow(settings);
  const { bucket, name, partBytes } = settings;
  const whole = `${settings.prefix}${key}`;
  const rules = { ifAbsent, signal };
  const sizeBytes = await upload(bucket, { key: whole, content, rules, partBytes });
  if (ifAbsent && content instanceof Uint8Array && !condition.isProven) {
    await proveCondition(settings, whole, content);
    condition.isProven = true;
  }
  const object = await bucket.head(whole);
  if (object?.sizeBytes === sizeBytes) return stored(object, key);
  throw new OmpayError(
    'stateUnusable',
    `${name}: ${key} has ${object?.sizeBytes ?? 0} bytes, sent were ${sizeBytes}`,
    {
      hint: 'try again; when it happens again, this store cannot hold copies',
    },
  );
}

/** The same bytes once more: a service that takes them ignores the condition, and two writers would both win. */
async function proveCondition(
  { bucket, name }: ObjectsSettings,
  key: string,
  bytes: Uint8Array,
): Promise<void> {
  try {
    await bucket.put(key, bytes, { ifAbsent: true, signal: undefined });
  } catch (error) {
    if (error instanceof OmpayError && error.code === 'alreadyExists') return;
    throw error;
  }
  throw new OmpayError(
    'stateUnusable',
    `${name} ignores If-None-Match: what was published could be overwritten`,
    {
      hint: 'use a store that keeps the condition (docs/copies.md lists some)',
    },
  );
}

/** Of the current version, which a read then names: what is written meanwhile is not mixed in. */
async function find(
  { asOfMs, bucket, prefix }: ObjectsSettings,
  key: string,
): Promise<BucketObject | undefined> {
  assertKey(key);
  const whole = `${prefix}${key}`;
  if (asOfMs === null) return bucket.head(whole);
  return (await bucket.listAt(whole, asOfMs)).find((object) => object.key === whole);
}

function listOf({ asOfMs, bucket }: ObjectsSettings, prefix: string): Promise<readonly BucketObject[]> {
  return asOfMs === null ? bucket.list(prefix) : bucket.listAt(prefix, asOfMs);
}

function stored({ sizeBytes, modifiedAtMs }: BucketObject, key: string): StoredObject {
  return { key, sizeBytes, modifiedAtMs };
}

function assertIsNow({ asOfMs, name }: ObjectsSettings): void {
  if (asOfMs === null) return;
  throw new OmpayError('usage', `${name} is looked at as it was in the past, and cannot be changed so`, {
    hint: 'leave out --as-of',
  });
}

function weaknessesOf({ lockDays, name }: ObjectsSettings, protection: Protection): readonly string[] {
  const { keepsVersions, locksObjects } = protection;
  return [
    ...(keepsVersions === false
      ? [`${name} keeps no versions: what is overwritten or deleted there is gone`]
      : []),
    ...(keepsVersions === null ? [`${name} does not tell whether it keeps versions`] : []),
    ...(locksObjects === false
      ? [`${name} has no Object Lock: whoever has its access key can delete every copy there`]
      : []),
    ...(locksObjects === null ? [`${name} does not tell whether it has Object Lock`] : []),
    ...(locksObjects === true && lockDays === null
      ? [
          `${name} has Object Lock, but objects are not locked by us: set BACKUP_S3_LOCK_DAYS, or a default of the bucket`,
        ]
      : []),
  ];
}
