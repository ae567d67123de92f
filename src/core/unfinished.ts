import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { isAlive, thisProcess } from './process.ts';

/** `lock.4242-123456.0a1b2c3d4e5f.part`: who was writing it, by pid and start time. */
const UNFINISHED = /\.(\d+)-(\d*)\.[0-9a-f]{12}\.part$/;
/** How our names in the system's temporary folder begin. */
const OURS = 'ompay-';

/**
 * A new name beside `path` for what is not whole yet. It tells which process is at work on it, so that what a killed one
 * left is known for certain, and can be removed while others write.
 */
export function unfinishedPath(path: string): string {
  const { pid, startTime } = thisProcess();
  return `${path}.${pid}-${startTime}.${randomBytes(6).toString('hex')}.part`;
}

/** Makes a folder of this process in the system's temporary folder, 0700; swept later when this process is killed. */
export function temporaryFolder(purpose: string, parent = tmpdir()): string {
  const path = unfinishedPath(join(parent, `${OURS}${purpose}`));
  mkdirSync(path, { mode: 0o700 });
  return path;
}

/** In memory where Linux has such a folder, so that what is put there never comes to a disk; TMPDIR goes before it. */
export function memoryFolder(): string {
  return tmpdir() === '/tmp' && existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

/** Removes what killed commands left half-made in an installation and in the temporary folders; returns how many. */
export function sweepUnfinished(layout: Layout): number {
  const { state, keys, journal, releases, platform, runtimes } = layout;
  const inState = [state, keys, journal, releases, platform, runtimes].flatMap(abandonedIn);
  const inRepository = [layout.root, join(layout.root, 'secrets')].flatMap(abandonedIn);
  const inTemporary = [...new Set([tmpdir(), memoryFolder()])].flatMap((folder) =>
    abandonedIn(folder).filter((path) => path.startsWith(join(folder, OURS))),
  );
  return [...inState, ...inRepository, ...inTemporary].filter(isRemoved).length;
}

/** Paths right under the folder whose maker has ended. */
function abandonedIn(folder: string): string[] {
  return namesIn(folder).flatMap((name) => {
    const [, pid, startTime = ''] = UNFINISHED.exec(name) ?? [];
    const isAbandoned = pid !== undefined && !isAlive({ pid: Number(pid), startTime });
    return isAbandoned ? [join(folder, name)] : [];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Not made yet, or not ours to read: there is nothing of ours in it.
    return [];
  }
}

/** What cannot be removed (another user's, in the temporary folder) keeps no command from its work. */
function isRemoved(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}
