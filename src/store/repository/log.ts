import type { KeyObject } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { OmpayError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Store } from '../store.ts';
import { decrypt, encrypt, type Recipient } from './age.ts';
import { readRecipients } from './manifest.ts';
import { collect, meter } from './meter.ts';
import { identityFor, isZstdError } from './payload.ts';
import { openRecord, sealRecord } from './record.ts';

const MAX_RECORD_BYTES = 1024 * 1024;
const RECORD = /log\/([^/]+)\/([^/]+)\/(\d{12})-(\d{12})\.json$/;

/** The piece of a received log that a chunk is of. */
export interface ChunkPlace {
  /** Of one receiver and one unbroken history. */
  readonly epoch: string;
  readonly file: string;
  /** Bytes of the file: the first, and the first after it. */
  readonly from: number;
  readonly to: number;
}

/** What is said of a chunk: signed, beside it. A chunk without it was never finished. */
export interface ChunkRecord extends ChunkPlace {
  readonly serverUuid: string;
  readonly epochNumber: number;
  readonly epochStartedAt: string;
  /** What was committed before the file. */
  readonly previousGtids: string;
  /** Everything that was committed before is in the log up to here; ISO 8601, empty when that is not known. */
  readonly knownUntil: string;
  readonly recipients: readonly Recipient[];
}

export function logPrefix(repository: string): string {
  return `${repository}log/`;
}

function keyOf(repository: string, { epoch, file, from, to }: ChunkPlace, suffix: string): string {
  const bytes = [from, to].map((offset) => String(offset).padStart(12, '0')).join('-');
  return `${logPrefix(repository)}${epoch}/${file}/${bytes}.${suffix}`;
}

/** The chunks that were finished, without what their records say. */
export async function listChunks(store: Store, repository: string): Promise<readonly ChunkPlace[]> {
  return (await store.list(logPrefix(repository))).flatMap(({ key }) => placesIn(key));
}

function placesIn(key: string): readonly ChunkPlace[] {
  const [, epoch = '', file = '', from, to] = RECORD.exec(key) ?? [];
  return from === undefined ? [] : [{ epoch, file, from: Number(from), to: Number(to) }];
}

/** All objects of a file of the log, also what a killed writer left. */
export interface SentFile {
  readonly epoch: string;
  readonly file: string;
  readonly keys: readonly string[];
  readonly chunks: readonly ChunkPlace[];
  readonly modifiedAtMs: number;
}

export async function listSentFiles(store: Store, repository: string): Promise<readonly SentFile[]> {
  const prefix = logPrefix(repository);
  const objects = await store.list(prefix);
  const byFile = Map.groupBy(objects, ({ key }) => key.slice(0, key.lastIndexOf('/')));
  return [...byFile].map(([folder, all]) => {
    const [epoch = '', file = ''] = folder.slice(prefix.length).split('/');
    const keys = all.map(({ key }) => key);
    const modifiedAtMs = Math.max(...all.map((each) => each.modifiedAtMs));
    return { epoch, file, keys, chunks: keys.flatMap(placesIn), modifiedAtMs };
  });
}

/** Records go first: what is left by a killed removal counts as never finished. */
export async function removeSentFile(store: Store, { keys }: Pick<SentFile, 'keys'>): Promise<void> {
  const recordsFirst = keys.toSorted((a, b) => Number(b.endsWith('.json')) - Number(a.endsWith('.json')));
  for (const key of recordsFirst) await store.delete(key);
}

/** The same of a chunk that a larger one replaces. */
export function removeChunk(store: Store, repository: string, place: ChunkPlace): Promise<void> {
  return removeSentFile(store, {
    keys: [keyOf(repository, place, 'json'), keyOf(repository, place, 'zst.age')],
  });
}

/** Stock tools open it: `age -d -i KEY | zstd -d`; the chunks of a file, one after the other, are the file. */
export async function putChunk(
  { store, repository, signingKey }: { store: Store; repository: string; signingKey: KeyObject },
  record: ChunkRecord,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const cipher = meter();
  await pipeline(content, createZstdCompress(), (compressed: AsyncIterable<Uint8Array>) =>
    store.put(keyOf(repository, record, 'zst.age'), cipher.through(encrypt(compressed, record.recipients))),
  );
  const sealed = sealRecord({ version: 1, ...record, cipher: cipher.digest() }, signingKey);
  await store.put(keyOf(repository, record, 'json'), sealed.bytes);
}

interface ChunkReading {
  readonly store: Store;
  readonly repository: string;
  readonly verificationKey: KeyObject;
}

export interface OpenedChunk extends ChunkRecord {
  readonly sha256: string;
}

/** Throws `backupDamaged` when it was changed or is not ours. */
export async function readChunkRecord(
  { store, repository, verificationKey }: ChunkReading,
  place: ChunkPlace,
): Promise<OpenedChunk> {
  const key = keyOf(repository, place, 'json');
  const { content } = openRecord(await collect(await store.get(key), MAX_RECORD_BYTES), verificationKey, key);
  return {
    ...place,
    serverUuid: content.text('serverUuid'),
    epochNumber: content.whole('epochNumber'),
    epochStartedAt: content.text('epochStartedAt'),
    previousGtids: content.text('previousGtids'),
    knownUntil: content.text('knownUntil'),
    recipients: readRecipients(content),
    sha256: content.object('cipher').text('sha256'),
  };
}

/**
 * Gives its plain bytes to `take`, as they come: they count only once this ends well. Throws `backupDamaged`, and
 * `configInvalid` for a key that does not open it.
 */
export async function readChunk(
  { store, repository }: Pick<ChunkReading, 'store' | 'repository'>,
  { chunk, identities }: { readonly chunk: OpenedChunk; readonly identities: readonly Secret[] },
  take: (plain: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const key = keyOf(repository, chunk, 'zst.age');
  const identity = await identityFor(chunk.recipients, identities);
  const sizeBytes = chunk.to - chunk.from;
  const cipher = meter();
  const plain = meter();
  const sealed = cipher.through(await store.get(key));
  try {
    await pipeline(decrypt(sealed, identity), createZstdDecompress(), (bytes: AsyncIterable<Uint8Array>) =>
      take(plain.through(atMost(bytes, sizeBytes, key))),
    );
  } catch (error) {
    throw isZstdError(error) ? notSent(key) : error;
  }
  if (plain.digest().sizeBytes !== sizeBytes || cipher.digest().sha256 !== chunk.sha256) throw notSent(key);
}

/** What was changed could unpack to any size. */
async function* atMost(
  bytes: AsyncIterable<Uint8Array>,
  mostBytes: number,
  key: string,
): AsyncGenerator<Uint8Array> {
  let seenBytes = 0;
  for await (const each of bytes) {
    seenBytes += each.length;
    if (seenBytes > mostBytes) throw notSent(key);
    yield each;
  }
}

function notSent(key: string): OmpayError {
  return new OmpayError('backupDamaged', `${key} is not the piece of the log that was sent`, {
    hint: 'use the log of another copy: ompay restore --to … --from STORE',
  });
}
