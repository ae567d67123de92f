import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OmpayError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { segmentNumber } from '../engine/mysql/binlog/segment.ts';
import { areEqual, contains, type GtidSet, parseGtidSet } from '../engine/mysql/gtid-set.ts';
import {
  type ChunkPlace,
  listChunks,
  type OpenedChunk,
  readChunk,
  readChunkRecord,
} from '../store/repository/log.ts';
import { repositoryPrefix } from '../store/repository/paths.ts';
import type { RepositoryAccess } from '../store/repository/published.ts';
import type { Store } from '../store/store.ts';
import type { LoggedEngine, LogSource, ReadableEpoch } from './point-plan.ts';

export interface SentLogSettings extends Pick<RepositoryAccess, 'site' | 'verificationKey'> {
  readonly store: Store;
  /** MySQL unless it is said. */
  readonly engine?: LoggedEngine;
  readonly identities: readonly Secret[];
  /** Where it is fetched to (0700); the caller removes it. */
  readonly folder: string;
}

/** The log that was sent to one store; only files that a base needs are fetched. */
export function sentLog(settings: SentLogSettings): LogSource {
  const { store, site, engine = 'mysql' } = settings;
  return {
    name: store.name,
    open: async (serverUuid, base) => {
      const repository = repositoryPrefix({ site, engine, serverUuid });
      const byEpoch = Map.groupBy(await listChunks(store, repository), ({ epoch }) => epoch);
      const newestFirst = [...byEpoch].sort(([a], [b]) => (a < b ? 1 : -1));
      const epochs: ReadableEpoch[] = [];
      for (const [name, chunks] of newestFirst)
        epochs.push(await fetchEpoch({ ...settings, repository }, { name, chunks, base }));
      return epochs;
    },
  };
}

interface EpochRequest {
  readonly name: string;
  readonly chunks: readonly ChunkPlace[];
  readonly base: GtidSet;
}

async function fetchEpoch(
  settings: SentLogSettings & { readonly repository: string },
  { name, chunks, base }: EpochRequest,
): Promise<ReadableEpoch> {
  const folder = join(settings.folder, settings.store.name, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const byFile = Map.groupBy(chunks, ({ file }) => file);
  const files = [...byFile.keys()].toSorted((a, b) => (segmentNumber(b) ?? 0) - (segmentNumber(a) ?? 0));
  const segments: string[] = [];
  let newest: OpenedChunk | undefined;
  // From the newest back, as far as the base needs.
  for (const file of files) {
    const last = await fetchFile(settings, join(folder, file), chainOf(byFile.get(file) ?? [], file));
    newest ??= last;
    segments.unshift(file);
    const previous = parseGtidSet(last.previousGtids);
    if (contains(base, previous) && !areEqual(base, previous)) break;
  }
  if (newest === undefined) throw new TypeError('an epoch has a chunk');
  const { serverUuid, epochNumber: number, epochStartedAt: startedAt, knownUntil } = newest;
  const epoch = { number, serverUuid, startedAt, reason: '', missing: '', folder, segments };
  return { epoch, knownUntilMs: knownUntil === '' ? 0 : Date.parse(knownUntil) };
}

/** From the first byte without a gap. A chunk that was sent twice may be longer the second time. */
function chainOf(chunks: readonly ChunkPlace[], file: string): readonly [ChunkPlace, ...ChunkPlace[]] {
  const longest = new Map<number, ChunkPlace>();
  for (const chunk of chunks)
    if (chunk.to > (longest.get(chunk.from)?.to ?? 0)) longest.set(chunk.from, chunk);
  const first = longest.get(0);
  if (first === undefined) throw lacking(file, 0);
  const chain: [ChunkPlace, ...ChunkPlace[]] = [first];
  const end = Math.max(...chunks.map(({ to }) => to));
  for (let at = first.to; at < end; ) {
    const next = longest.get(at);
    if (next === undefined) throw lacking(file, at);
    chain.push(next);
    at = next.to;
  }
  return chain;
}

/** Gives the record of its last chunk. */
async function fetchFile(
  settings: SentLogSettings & { readonly repository: string },
  path: string,
  [first, ...others]: readonly [ChunkPlace, ...ChunkPlace[]],
): Promise<OpenedChunk> {
  let record = await fetchChunk(settings, path, first);
  for (const place of others) record = await fetchChunk(settings, path, place);
  return record;
}

async function fetchChunk(
  settings: SentLogSettings & { readonly repository: string },
  path: string,
  place: ChunkPlace,
): Promise<OpenedChunk> {
  const chunk = await readChunkRecord(settings, place);
  await readChunk(settings, { chunk, identities: settings.identities }, (plain) =>
    pipeline(plain, createWriteStream(path, { flags: 'a', mode: 0o600 })),
  );
  return chunk;
}

function lacking(file: string, at: number): OmpayError {
  return new OmpayError('backupDamaged', `the sent log lacks ${file} from byte ${at} on`, {
    hint: 'use the log of another copy: ompay restore --to … --from STORE',
  });
}
