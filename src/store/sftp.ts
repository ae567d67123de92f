import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { OmpayError } from '../core/errors.ts';
import type { RemoteFile, Sftp } from '../host/sftp.ts';
import type { SshTarget } from '../host/ssh/target.ts';
import { assertKey, assertPrefix, PART_SUFFIX } from './key.ts';
import type { PutOptions, Store, StoredObject } from './store.ts';

export interface SftpSettings {
  readonly name: string;
  readonly target: SshTarget;
  /** An absolute folder of the host; made when absent (0700), but for the folder above it. */
  readonly root: string;
  readonly offsite: boolean;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Deeper than any key: what links back to itself ends here. */
const MAX_DEPTH = 16;

/** Copies in a folder of another host, over SSH. Folders are 0700, files 0600. Nothing is connected yet. */
export function sftpStore(settings: SftpSettings): Store {
  const { name, target, offsite } = settings;
  const root = posix.resolve('/', settings.root);
  const session = idleSession(target);
  const use = <Result>(work: (place: Place) => Promise<Result>): Promise<Result> =>
    session.use((sftp) => work({ name, root, sftp }));
  return {
    name,
    medium: `sftp ${target.address}:${target.port}`,
    offsite,
    immutable: false,
    put: (key, content, options) => use((place) => put(place, { key, content, ...options })),
    get: async (key) => {
      const content = await use((place) => get(place, key));
      return session.during(content);
    },
    head: (key) => use((place) => head(place, key)),
    list: (prefix) => use((place) => list(place, prefix)),
    delete: (key) => use((place) => remove(place, pathOf(root, key))),
    sweep: (prefix) => use((place) => sweep(place, prefix)),
    weaknesses: async () => [],
    close: session.close,
  };
}

/** An open connection keeps its process alive: one that nobody used for so long is ended. */
const IDLE_MS = 2000;

interface IdleSession {
  use<Result>(work: (sftp: Sftp) => Promise<Result>): Promise<Result>;
  /** Counts the reading of a file as use. */
  during(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

function idleSession(target: SshTarget): IdleSession {
  const held: { sftp?: Promise<Sftp>; users: number; uses: number } = { users: 0, uses: 0 };
  const close = async (): Promise<void> => {
    const sftp = held.sftp;
    delete held.sftp;
    (await sftp)?.close();
  };
  const enter = (): void => {
    held.users += 1;
    held.uses += 1;
  };
  const leave = (): void => {
    held.users -= 1;
    const { uses } = held;
    const closeUnlessUsed = (): void => {
      // A connection that never came about has nothing to end.
      if (held.users === 0 && held.uses === uses) close().catch(() => undefined);
    };
    AbortSignal.timeout(IDLE_MS).addEventListener('abort', closeUnlessUsed, { once: true });
  };
  return {
    close,
    use: async (work) => {
      enter();
      try {
        // SSH is loaded only by who uses it.
        held.sftp ??= import('../host/sftp.ts').then(({ openSftp }) => openSftp(target));
        return await work(await held.sftp);
      } finally {
        leave();
      }
    },
    during: async function* (content) {
      enter();
      try {
        yield* content;
      } finally {
        leave();
      }
    },
  };
}

interface Place {
  readonly name: string;
  readonly root: string;
  readonly sftp: Sftp;
}

interface Putting extends PutOptions {
  readonly key: string;
  readonly content: AsyncIterable<Uint8Array> | Uint8Array;
}

/** As in a directory: beside it, synced, then the name, then the folder's names synced. */
async function put(place: Place, { key, content, ifAbsent = false, signal }: Putting): Promise<StoredObject> {
  const { root, sftp } = place;
  const path = pathOf(root, key);
  const part = `${path}.${randomBytes(6).toString('hex')}${PART_SUFFIX}`;
  await makeFolders(place, posix.dirname(path));
  try {
    await sftp.writeNew(part, { mode: FILE_MODE, content, signal });
    if (ifAbsent && !(await sftp.link(part, path))) throw exists(place, key);
    if (ifAbsent) await sftp.remove(part);
    else await sftp.replace(part, path);
  } catch (error) {
    // What cannot be removed now is removed by the next sweep.
    await sftp.remove(part).catch(() => undefined);
    throw error;
  }
  await sftp.syncFolder(posix.dirname(path));
  const object = await head(place, key);
  if (object !== undefined) return object;
  throw new OmpayError('stateUnusable', `${place.name}: ${key} was written and is not there`, {
    hint: 'see who else removes files from that folder',
  });
}

/** Makes what is missing, from the root down, each name durable in the folder above it. */
async function makeFolders({ root, sftp }: Place, folder: string): Promise<void> {
  if ((await sftp.stat(folder)) !== undefined) return;
  const names = folder
    .slice(root.length)
    .split('/')
    .filter((name) => name !== '');
  for (let path = root, next = 0; ; path = posix.join(path, names[next] ?? ''), next += 1) {
    if ((await sftp.stat(path)) === undefined) {
      await sftp.makeFolder(path, FOLDER_MODE);
      await sftp.syncFolder(posix.dirname(path));
    }
    if (next === names.length) return;
  }
}

async function get(place: Place, key: string): Promise<AsyncIterable<Uint8Array>> {
  if ((await head(place, key)) !== undefined) return place.sftp.read(pathOf(place.root, key));
  throw new OmpayError('notFound', `${place.name}: ${key} is not there`, { hint: 'ompay backup list' });
}

async function head({ root, sftp }: Place, key: string): Promise<StoredObject | undefined> {
  const file = await sftp.stat(pathOf(root, key)).catch((error: unknown) => {
    // A name below a file: OpenSSH says "Failure" (ENOTDIR has no code of its own).
    if (error instanceof OmpayError && error.code === 'stateUnusable') return undefined;
    throw error;
  });
  return file?.isFile === true ? stored(key, file) : undefined;
}

function stored(key: string, { sizeBytes, modifiedAtMs }: Omit<RemoteFile, 'name'>): StoredObject {
  return { key, sizeBytes, modifiedAtMs };
}

async function list(place: Place, prefix: string): Promise<readonly StoredObject[]> {
  const files = await filesUnder(place, prefix);
  return files.filter(({ key }) => !key.endsWith(PART_SUFFIX)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function sweep(place: Place, prefix: string): Promise<number> {
  const unfinished = (await filesUnder(place, prefix)).filter(({ key }) => key.endsWith(PART_SUFFIX));
  for (const { key } of unfinished) await remove(place, posix.join(place.root, key));
  return unfinished.length;
}

/** Unfinished ones included. */
async function filesUnder({ root, sftp }: Place, prefix: string): Promise<readonly StoredObject[]> {
  assertPrefix(prefix);
  const found: StoredObject[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) return;
    for (const file of (await sftp.list(posix.join(root, folder))) ?? []) {
      if (file.name === '.' || file.name === '..') continue;
      const key = posix.join(folder, file.name);
      if (file.isFolder) await visit(key, depth + 1);
      else if (file.isFile) found.push(stored(key, file));
    }
  };
  await visit(prefix.slice(0, -1), 0);
  return found;
}

/** A folder that it empties goes too: keys have no folders, so none may be left. */
async function remove({ root, sftp }: Place, path: string): Promise<void> {
  await sftp.remove(path);
  for (let folder = posix.dirname(path); folder.length > root.length; folder = posix.dirname(folder)) {
    if (!(await sftp.removeFolder(folder))) break;
  }
}

function pathOf(root: string, key: string): string {
  assertKey(key);
  return posix.join(root, key);
}

function exists({ name }: Place, key: string): OmpayError {
  return new OmpayError('alreadyExists', `${name}: ${key} exists already`, { hint: 'ompay backup list' });
}
