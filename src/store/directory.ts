import { randomBytes } from 'node:crypto';
import { constants, statSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { assertKey, assertPrefix, PART_SUFFIX } from './key.ts';
import type { PutOptions, Store, StoredObject } from './store.ts';

const READ_CHUNK_BYTES = 256 * 1024;

export interface DirectorySettings {
  readonly name: string;
  /** Made when absent (0700). */
  readonly root: string;
  readonly offsite: boolean;
}

/** Copies in a folder of this machine or of a mounted disk. Folders are 0700, files 0600. */
export function directoryStore(settings: DirectorySettings): Store {
  const root = resolve(settings.root);
  return {
    name: settings.name,
    medium: `disk ${deviceOf(root)}`,
    offsite: settings.offsite,
    immutable: false,
    put: (key, content, options) => put(root, key, content, options ?? {}),
    get: (key) => get(root, key),
    head: (key) => head(root, key),
    list: (prefix) => list(root, prefix),
    delete: (key) => remove(root, key),
    sweep: (prefix) => sweep(root, prefix),
    weaknesses: async () => [],
    close: async () => undefined,
  };
}

/** Of the folder, or of the nearest above it that is there: the number of its file system (stat(2), st_dev). */
function deviceOf(root: string): number {
  const { dev } = statSync(root, { throwIfNoEntry: false }) ?? {};
  return dev ?? (root === dirname(root) ? 0 : deviceOf(dirname(root)));
}

async function put(
  root: string,
  key: string,
  content: AsyncIterable<Uint8Array> | Uint8Array,
  options: PutOptions,
): Promise<StoredObject> {
  const path = pathOf(root, key);
  const part = `${path}.${randomBytes(6).toString('hex')}${PART_SUFFIX}`;
  try {
    await makeFolder(dirname(path));
    await writeDurably(part, content, options.signal);
    await publish(part, path, options.ifAbsent === true);
    await syncFolder(dirname(path));
    const { size, mtimeMs } = await stat(path);
    return { key, sizeBytes: size, modifiedAtMs: Math.trunc(mtimeMs) };
  } catch (error) {
    await rm(part, { force: true });
    throw explained(error, path);
  }
}

/** Makes a folder and its missing parents, each name durable in its parent. */
async function makeFolder(folder: string): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

async function writeDurably(
  path: string,
  content: AsyncIterable<Uint8Array> | Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    if (content instanceof Uint8Array) await writeWhole(file, content);
    else {
      for await (const chunk of content) {
        signal?.throwIfAborted();
        await writeWhole(file, chunk);
      }
    }
    signal?.throwIfAborted();
    await file.sync();
  } finally {
    await file.close();
  }
}

/** write(2) may take less than it was given. */
async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += (await file.write(bytes, offset)).bytesWritten;
  }
}

/** link(2) refuses an existing name, rename(2) replaces it; both are atomic. */
async function publish(part: string, path: string, ifAbsent: boolean): Promise<void> {
  if (!ifAbsent) return rename(part, path);
  await link(part, path);
  await rm(part);
}

async function get(root: string, key: string): Promise<AsyncIterable<Uint8Array>> {
  if ((await head(root, key)) !== undefined) return chunksOf(pathOf(root, key));
  throw new OmpayError('notFound', `${pathOf(root, key)} is not there`, { hint: 'ompay backup list' });
}

/** Opens the file only when it is read: an object that is asked for and then not wanted holds nothing open. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY).catch((error: unknown) => {
    throw explained(error, path);
  });
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(READ_CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function head(root: string, key: string): Promise<StoredObject | undefined> {
  const path = pathOf(root, key);
  try {
    const { size, mtimeMs } = await stat(path);
    return { key, sizeBytes: size, modifiedAtMs: Math.trunc(mtimeMs) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw explained(error, path);
  }
}

async function list(root: string, prefix: string): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for (const path of await filesUnder(root, prefix)) {
    if (path.endsWith(PART_SUFFIX)) continue;
    const object = await head(root, path);
    if (object !== undefined) objects.push(object);
  }
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function remove(root: string, key: string): Promise<void> {
  const path = pathOf(root, key);
  try {
    await rm(path, { force: true });
    await removeEmptyFolders(root, dirname(path));
  } catch (error) {
    throw explained(error, path);
  }
}

/** An emptied folder goes too: keys have no folders, so none may be left. Stops at the first that is in use. */
async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let current = folder; current.length > root.length; current = dirname(current)) {
    try {
      await rmdir(current);
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === 'ENOENT') continue;
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return syncFolder(current);
      throw error;
    }
  }
}

async function sweep(root: string, prefix: string): Promise<number> {
  let swept = 0;
  for (const key of await filesUnder(root, prefix)) {
    if (!key.endsWith(PART_SUFFIX)) continue;
    await rm(join(root, key), { force: true });
    await removeEmptyFolders(root, dirname(join(root, key)));
    swept += 1;
  }
  return swept;
}

/** Relative paths of all files under the prefix, unfinished ones included. */
async function filesUnder(root: string, prefix: string): Promise<readonly string[]> {
  assertPrefix(prefix);
  try {
    const entries = await readdir(join(root, prefix), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw explained(error, join(root, prefix));
  }
}

function pathOf(root: string, key: string): string {
  assertKey(key);
  return join(root, key);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isAbsent(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** Names the world's refusals; anything else (an aborted source, a bug) passes unchanged. */
function explained(error: unknown, path: string): unknown {
  if (error instanceof OmpayError) return error;
  if (systemCodeOf(error) === 'EEXIST') {
    return new OmpayError('alreadyExists', `${path} exists already`, {
      hint: 'ompay backup list',
      cause: error,
    });
  }
  return diskRefusal(error, path) ?? error;
}
