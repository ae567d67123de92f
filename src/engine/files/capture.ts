import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArchiveEntry, ArchiveFile } from '../../core/archive.ts';
import { type Clock, isoTime } from '../../core/clock.ts';
import { diskRefusal } from '../../core/disk.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { Engine } from '../engine.ts';
import { type RedisSource, saveRedis } from './redis.ts';

export const SUMS_FILE = 'SHA256SUMS';
export const REDIS_FILE = 'redis.rdb';
const CHUNK_BYTES = 256 * 1024;

export interface FilesSource {
  /** Of the machine. */
  readonly name: string;
  readonly root: string;
  /** Files and folders below `root`; one that is absent is left out. */
  readonly paths: readonly string[];
  /** 0700, made and removed here. */
  readonly workFolder: string;
  readonly redis: RedisSource | null;
  readonly clock: Clock;
}

/** Copies files as an engine's data is captured, each as it is when its turn comes; their hashes are the last one. */
export function captureFiles(sourceOf: () => Promise<FilesSource>): Engine['capture'] {
  return async ({ signal }, archive) => {
    const source = await sourceOf();
    const at = isoTime(source.clock.now());
    try {
      await rm(source.workFolder, { recursive: true, force: true });
      await mkdir(source.workFolder, { recursive: true, mode: 0o700 });
      const rdbPath = join(source.workFolder, REDIS_FILE);
      if (source.redis !== null) await saveRedis(source.redis, rdbPath, signal);
      const entries = entriesOf(source, rdbPath, signal);
      const archived = await archive({ serverUuid: source.name, method: 'online', entries });
      return { archived, from: at, to: isoTime(source.clock.now()), facts: null };
    } finally {
      await rm(source.workFolder, { recursive: true, force: true });
    }
  };
}

async function* entriesOf(
  source: FilesSource,
  rdbPath: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchiveEntry> {
  const sums: string[] = [];
  const folders = new Set<string>();
  for (const top of source.paths) {
    for await (const path of filesBelow(source.root, top)) {
      signal?.throwIfAborted();
      yield* foldersTo(path, folders, source.clock.now());
      yield* oneFile(join(source.root, path), path, sums);
    }
  }
  if (source.redis !== null) yield* oneFile(rdbPath, REDIS_FILE, sums);
  const content = Buffer.from(sums.join(''));
  yield {
    kind: 'file',
    path: SUMS_FILE,
    modifiedAtMs: source.clock.now(),
    sizeBytes: content.length,
    content,
  };
}

/** Links, sockets and the like are left out: what they lead to is not the installation's. */
async function* filesBelow(root: string, path: string): AsyncGenerator<string> {
  const seen = await lstat(join(root, path)).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (seen?.isFile() === true) yield path;
  if (seen?.isDirectory() !== true) return;
  for (const name of (await readdir(join(root, path))).toSorted()) yield* filesBelow(root, `${path}/${name}`);
}

function* foldersTo(path: string, known: Set<string>, modifiedAtMs: number): Generator<ArchiveEntry> {
  const folder = dirname(path);
  if (folder === '.' || known.has(folder)) return;
  yield* foldersTo(folder, known, modifiedAtMs);
  known.add(folder);
  yield { kind: 'folder', path: folder, modifiedAtMs };
}

async function* oneFile(path: string, name: string, sums: string[]): AsyncGenerator<ArchiveFile> {
  const file = await opened(path);
  // A log that was rotated away since its folder was read.
  if (file === undefined) return;
  const hash = createHash('sha256');
  try {
    const { size, mtimeMs } = await file.stat();
    const content = chunks(file, { path, sizeBytes: size, hash });
    yield { kind: 'file', path: name, modifiedAtMs: mtimeMs, sizeBytes: size, content };
    sums.push(`${hash.digest('hex')}  ${name}\n`);
  } finally {
    await file.close();
  }
}

/** Undefined when it is not there any more. Throws `stateUnusable` when it may not be read. */
async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw diskRefusal(error, path) ?? error;
  }
}

/** A log that grows meanwhile is copied as long as it was. */
async function* chunks(
  file: FileHandle,
  { path, sizeBytes, hash }: { readonly path: string; readonly sizeBytes: number; readonly hash: Hash },
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < sizeBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes - offset));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
    if (bytesRead === 0)
      throw new OmpayError('stateUnusable', `${path} became shorter while it was copied`, {
        hint: 'run it again: ompay backup create --kind files',
      });
    const read = chunk.subarray(0, bytesRead);
    hash.update(read);
    yield read;
    offset += bytesRead;
  }
}
