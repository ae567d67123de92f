import { readFileSync, rmSync } from 'node:fs';
import { systemCodeOf } from './errors.ts';
import { writeFileAtomic } from './files.ts';
import { withMutex } from './mutex.ts';
import { isAlive, type ProcessIdentity, thisProcess } from './process.ts';

const MUTEX_TIMEOUT_MS = 5000;

/**
 * Makes this process the owner that the file names, or returns the living process that is. Of two that ask at once
 * exactly one wins: looking and writing are one step under a kernel lock. An owner that died is replaced.
 */
export function takeOwnership(path: string): ProcessIdentity | undefined {
  return withMutex(`${path}.mutex`, MUTEX_TIMEOUT_MS, () => {
    const owner = livingOwner(path);
    if (owner !== undefined && owner.pid !== process.pid) return owner;
    writeFileAtomic(path, JSON.stringify(thisProcess()), 0o600);
    return undefined;
  });
}

/** Gives the ownership back; does nothing when another process has it by now. */
export function dropOwnership(path: string): void {
  withMutex(`${path}.mutex`, MUTEX_TIMEOUT_MS, () => {
    if (livingOwner(path)?.pid === process.pid) rmSync(path, { force: true });
  });
}

/** The living process that a file written by `takeOwnership` names; undefined when it ended or there is none. */
export function livingOwner(path: string): ProcessIdentity | undefined {
  const identity = readIdentity(path);
  return identity !== undefined && isAlive(identity) ? identity : undefined;
}

/** A damaged file names nobody: it is written atomically, so it was not written by us. */
function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    return parseIdentity(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The identity in a parsed JSON value, undefined when it holds none. */
export function parseIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('startTime' in value)) {
    return undefined;
  }
  const { pid, startTime } = value;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  return typeof startTime === 'string' ? { pid, startTime } : undefined;
}
