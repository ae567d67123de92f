import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../core/clock.ts';
import type { OmpayError } from '../core/errors.ts';
import type { Bucket, BucketObject, Protection, Reading, UploadedPart } from './s3/bucket.ts';
import { objectStore } from './s3/objects.ts';
import { refusalOf, statusOf } from './s3/refusal.ts';
import type { S3Settings } from './s3/settings.ts';
import { type ObjectVersion, stateAt } from './s3/versions.ts';
import type { Store } from './store.ts';

type Sdk = typeof import('@aws-sdk/client-s3');

/** What every request needs; made at the first one, as the client takes a while to load. */
interface Session {
  readonly sdk: Sdk;
  readonly client: S3Client;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Of a connection that says nothing. */
const SILENCE_TIMEOUT_MS = 30_000;
/** Of one request; the largest is a part, which at the slowest line worth waiting for (100 kB/s) takes 84 s. */
const REQUEST_TIMEOUT_MS = 300_000;
/** The first try and two more, with the client's own growing waits between (standard mode). */
const MAX_ATTEMPTS = 3;
const MAX_PAGES = 1000;
const DAY_MS = 86_400_000;

/** Copies in a bucket of S3, or of a service that speaks like it. Nothing is connected yet. */
export function s3Store(settings: S3Settings): Store {
  return objectStore({
    ...settings,
    medium: `${settings.endpoint} ${settings.bucket}`,
    bucket: bucketOf(settings),
  });
}

/** One request, its refusal named. An abort throws its own reason. */
type Ask = <Answer>(
  key: string,
  request: (session: Session) => Promise<Answer>,
  signal?: AbortSignal,
) => Promise<Answer>;

function bucketOf(settings: S3Settings): Bucket {
  const held: { session?: Promise<Session> } = {};
  const ask: Ask = async (key, request, signal) => {
    signal?.throwIfAborted();
    try {
      held.session ??= connect(settings);
      return await request(await held.session);
    } catch (error) {
      signal?.throwIfAborted();
      throw refused(settings, key, error);
    }
  };
  return {
    ...writing(ask, settings),
    ...reading(ask, settings),
    close: () => {
      const closing = held.session;
      delete held.session;
      closing?.then(({ client }) => client.destroy()).catch(() => undefined);
    },
  };
}

function refused({ name: store, endpoint, bucket }: S3Settings, key: string, error: unknown): OmpayError {
  return refusalOf(error, { store, endpoint, bucket, key });
}

function writing(ask: Ask, settings: S3Settings): Omit<Bucket, keyof ReturnType<typeof reading> | 'close'> {
  const { bucket: Bucket } = settings;
  return {
    put: (Key, Body, { ifAbsent, signal }) =>
      ask(
        Key,
        async ({ client, sdk }) => {
          const input = {
            Bucket,
            Key,
            Body,
            ...conditionOf(ifAbsent),
            ...lockOf(settings),
            ...hashOf(settings, Body),
          };
          await client.send(new sdk.PutObjectCommand(input), abortable(signal));
        },
        signal,
      ),
    begin: (Key) =>
      ask(Key, async ({ client, sdk }) => {
        const input = { Bucket, Key, ...lockOf(settings) };
        const { UploadId: id = '' } = await client.send(new sdk.CreateMultipartUploadCommand(input));
        return { key: Key, id };
      }),
    part: ({ key: Key, id: UploadId }, number, Body, signal) =>
      ask(
        Key,
        async ({ client, sdk }) => {
          const input = { Bucket, Key, UploadId, PartNumber: number, Body };
          const answer = await client.send(new sdk.UploadPartCommand(input), abortable(signal));
          return { number, etag: answer.ETag ?? '', crc32: answer.ChecksumCRC32 };
        },
        signal,
      ),
    finish: ({ key: Key, id: UploadId }, parts, { ifAbsent, signal }) =>
      ask(
        Key,
        async ({ client, sdk }) => {
          const MultipartUpload = { Parts: parts.map(partOf) };
          const input = { Bucket, Key, UploadId, MultipartUpload, ...conditionOf(ifAbsent) };
          await client.send(new sdk.CompleteMultipartUploadCommand(input), abortable(signal));
        },
        signal,
      ),
    abort: ({ key: Key, id: UploadId }) =>
      ask(Key, async ({ client, sdk }) => {
        await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      }),
    remove: (Key) =>
      ask(Key, async ({ client, sdk }) => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key }));
      }),
  };
}

function reading(ask: Ask, settings: S3Settings) {
  const { bucket: Bucket } = settings;
  return {
    head: (key: string) => ask(key, (session) => headOf(session, Bucket, key)),
    read: ({ key: Key, version, fromByte }: Reading) =>
      ask(Key, async ({ client, sdk }) => {
        const VersionId = version === undefined ? {} : { VersionId: version };
        const range = fromByte === 0 ? {} : { Range: `bytes=${fromByte}-` };
        const answer = await client.send(new sdk.GetObjectCommand({ Bucket, Key, ...VersionId, ...range }));
        return bytesOf(answer.Body, (error) => refused(settings, Key, error));
      }),
    list: (prefix: string) => ask(prefix, (session) => currentObjects(session, Bucket, prefix)),
    listAt: (prefix: string, atMs: number) =>
      ask(prefix, async (session) => stateAt(await versionsOf(session, Bucket, prefix), atMs)),
    uploads: (prefix: string) =>
      ask(prefix, async ({ client, sdk }) => {
        const input = { Bucket, Prefix: prefix };
        const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand(input));
        return Uploads.map(({ Key = '', UploadId = '' }) => ({ key: Key, id: UploadId }));
      }),
    protection: () => ask('', (session) => protectionOf(session, Bucket)),
  };
}

async function connect(settings: S3Settings): Promise<Session> {
  const sdk = await import('@aws-sdk/client-s3');
  const checksums = settings.checksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED';
  const client = new sdk.S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    forcePathStyle: settings.pathStyle,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey.reveal() },
    maxAttempts: MAX_ATTEMPTS,
    retryMode: 'standard',
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  return { sdk, client };
}

function conditionOf(ifAbsent: boolean): { IfNoneMatch?: string } {
  return ifAbsent ? { IfNoneMatch: '*' } : {};
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function partOf({ number, etag, crc32 }: UploadedPart) {
  return { PartNumber: number, ETag: etag, ...(crc32 === undefined ? {} : { ChecksumCRC32: crc32 }) };
}

/** Of each object that is put, so that it holds whatever the bucket's own default is. */
function lockOf({ lockDays }: S3Settings) {
  if (lockDays === null) return {};
  const ObjectLockRetainUntilDate = new Date(systemClock.now() + lockDays * DAY_MS);
  return { ObjectLockMode: 'COMPLIANCE' as const, ObjectLockRetainUntilDate };
}

/** "Content-MD5 is required for any request to upload an object with a retention period" (S3, PutObject). */
function hashOf({ lockDays }: S3Settings, body: Uint8Array) {
  return lockDays === null ? {} : { ContentMD5: createHash('md5').update(body).digest('base64') };
}

async function headOf(
  { client, sdk }: Session,
  Bucket: string,
  Key: string,
): Promise<BucketObject | undefined> {
  try {
    const answer = await client.send(new sdk.HeadObjectCommand({ Bucket, Key }));
    return objectOf(Key, answer.ContentLength, answer.LastModified, answer.VersionId);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function currentObjects({ client, sdk }: Session, Bucket: string, Prefix: string) {
  const objects: BucketObject[] = [];
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const from = token === undefined ? {} : { ContinuationToken: token };
    const answer = await client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix, ...from }));
    for (const { Key = '', Size, LastModified } of answer.Contents ?? [])
      objects.push(objectOf(Key, Size, LastModified, undefined));
    token = answer.NextContinuationToken;
    if (token === undefined) return objects;
  }
  throw new RangeError(`more than ${MAX_PAGES} pages of objects`);
}

async function versionsOf({ client, sdk }: Session, Bucket: string, Prefix: string) {
  const versions: ObjectVersion[] = [];
  let from: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.send(new sdk.ListObjectVersionsCommand({ Bucket, Prefix, ...from }));
    for (const { Key = '', Size, LastModified, VersionId } of answer.Versions ?? [])
      versions.push({ ...objectOf(Key, Size, LastModified, VersionId), isDeletion: false });
    for (const { Key = '', LastModified, VersionId } of answer.DeleteMarkers ?? [])
      versions.push({ ...objectOf(Key, 0, LastModified, VersionId), isDeletion: true });
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = answer;
    if (answer.IsTruncated !== true || KeyMarker === undefined) return versions;
    from = { KeyMarker, ...(VersionIdMarker === undefined ? {} : { VersionIdMarker }) };
  }
  throw new RangeError(`more than ${MAX_PAGES} pages of versions`);
}

function objectOf(
  key: string,
  size: number | undefined,
  modified: Date | undefined,
  version: string | undefined,
): BucketObject {
  return { key, sizeBytes: size ?? 0, modifiedAtMs: modified?.getTime() ?? 0, version };
}

/** What the service does not tell (no permission, no such call) is null. */
async function protectionOf({ client, sdk }: Session, Bucket: string): Promise<Protection> {
  const keepsVersions = await client
    .send(new sdk.GetBucketVersioningCommand({ Bucket }))
    .then(({ Status }) => Status === 'Enabled', unlessAway);
  const locksObjects = await client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket })).then(
    ({ ObjectLockConfiguration }) => ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
    // "The Object Lock configuration does not exist for this bucket": said with 404.
    (error: unknown) => (statusOf(error) === 404 ? false : unlessAway(error)),
  );
  return { keepsVersions, locksObjects };
}

/** A refusal says nothing of the bucket; no answer at all is a failure. */
function unlessAway(error: unknown): null {
  if (statusOf(error) === undefined) throw error;
  return null;
}

async function* bytesOf(body: unknown, explained: (error: unknown) => unknown): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Readable)) throw new TypeError('S3 gave no stream');
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError(`S3 gave a ${typeof chunk}`);
      yield chunk;
    }
  } catch (error) {
    throw explained(error);
  } finally {
    body.destroy();
  }
}
