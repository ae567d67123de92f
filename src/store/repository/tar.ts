import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, type Header, type Pack, pack } from 'tar-stream';
import type { ArchiveEntry, ArchiveFile } from '../../core/archive.ts';
import { OmpayError } from '../../core/errors.ts';

/** POSIX tar of the entries as they come. Files are 0600 and folders 0700, whatever they were at their source. */
export function packTar(entries: AsyncIterable<ArchiveEntry>): AsyncIterable<Uint8Array> {
  const tar = pack();
  fill(tar, entries).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return bytesOf(tar);
}

async function fill(tar: Pack, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  for await (const entry of entries) {
    if (entry.kind === 'folder') await addFolder(tar, entry.path, entry.modifiedAtMs);
    else await addFile(tar, entry);
  }
}

async function addFolder(tar: Pack, path: string, modifiedAtMs: number): Promise<void> {
  const { promise, settle } = settlement();
  tar.entry({ name: `${path}/`, type: 'directory', mode: 0o700, mtime: new Date(modifiedAtMs) }, settle);
  await promise;
}

async function addFile(tar: Pack, file: ArchiveFile): Promise<void> {
  const { promise, settle } = settlement();
  const header = {
    name: file.path,
    size: file.sizeBytes,
    mode: 0o600,
    mtime: new Date(file.modifiedAtMs),
  };
  const entry = tar.entry(header, settle);
  // It is told through `settle`; without a listener the process would end on it.
  entry.on('error', () => undefined);
  const chunks = file.content instanceof Uint8Array ? [file.content] : file.content;
  try {
    for await (const chunk of chunks) {
      if (!entry.write(chunk)) await Promise.race([once(entry, 'drain'), promise]);
    }
    entry.end(null);
  } catch (error) {
    entry.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  await promise;
}

interface Settlement {
  readonly promise: Promise<void>;
  readonly settle: (error?: Error | null) => void;
}

function settlement(): Settlement {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Awaited later, perhaps never when the source fails first: without this the process would end on its rejection.
  promise.catch(() => {});
  return {
    promise,
    settle: (error) => (error === undefined || error === null ? resolve() : reject(error)),
  };
}

export interface Extracted {
  readonly files: number;
  readonly sizeBytes: number;
}

/** Writes the archive's files into a folder that exists and is empty. Throws `backupDamaged` for a name that leaves it. */
export function extractTar(tar: AsyncIterable<Uint8Array>, folder: string): Promise<Extracted> {
  const made = new Set([folder]);
  const makeFolder = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    made.add(path);
  };
  return eachFile(tar, async (header, content) => {
    const path = join(folder, safeName(header));
    if (header.type === 'directory') return makeFolder(path);
    await makeFolder(dirname(path));
    await writeFileFrom(path, content);
  });
}

/** Reads the whole archive and keeps nothing: its structure is right when this does not throw. */
export function inspectTar(tar: AsyncIterable<Uint8Array>): Promise<Extracted> {
  return eachFile(tar, async (header, content) => {
    safeName(header);
    for await (const _ of content);
  });
}

async function eachFile(
  tar: AsyncIterable<Uint8Array>,
  visit: (header: Header, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<Extracted> {
  const extractor = extract();
  let files = 0;
  let sizeBytes = 0;
  const visitAll = async (): Promise<void> => {
    for await (const entry of extractor) {
      await visit(entry.header, bytesOf(entry));
      entry.resume();
      files += entry.header.type === 'file' ? 1 : 0;
      sizeBytes += entry.header.size ?? 0;
    }
  };
  const [fed, visited] = await Promise.allSettled([pipeline(tar, extractor), visitAll()]);
  // A failing visit ends the feeding too, and a failing source the visits: the one that failed by itself is told.
  if (visited.status === 'rejected' && visited.reason instanceof OmpayError) throw visited.reason;
  if (fed.status === 'rejected') throw fed.reason;
  if (visited.status === 'rejected') throw visited.reason;
  return { files, sizeBytes };
}

/** Only plain files and folders below the target: what another's archive could abuse is refused. */
function safeName(header: Header): string {
  const isPlain = header.type === 'file' || header.type === 'directory';
  const names = header.name.replace(/\/$/, '').split('/');
  if (isPlain && names.every((name) => name !== '' && name !== '.' && name !== '..')) return names.join('/');
  throw new OmpayError(
    'backupDamaged',
    `the archive holds \`${header.name}\` (${header.type ?? 'no type'})`,
    {
      hint: 'this archive was not made by ompay; choose another backup: ompay backup list',
    },
  );
}

async function writeFileFrom(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

/** The library's streams are typed as yielding anything. */
async function* bytesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`a tar stream gave a ${typeof chunk}`);
    yield chunk;
  }
}
