import { DatabaseSync } from 'node:sqlite';
import { messageOf, OmpayError } from './errors.ts';

/**
 * Runs `body` while no other process on this machine runs one under the same path. Synchronous on purpose: what it
 * guards takes microseconds. The lock is the kernel's (fcntl, by SQLite), so it ends with its process: no stale file,
 * nothing to take over. Throws OmpayError `lockHeld` when it is still taken after
 * `timeoutMs`, `stateUnusable` when the file cannot be used. Not re-entrant.
 */
export function withMutex<T>(path: string, timeoutMs: number, body: () => T): T {
  const database = openMutex(path, timeoutMs);
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw unusable(path, error);
    throw new OmpayError('lockHeld', `${path} was held by another process for ${timeoutMs} ms`, {
      hint: 'wait for the other command to end, then try again',
      cause: error,
    });
  }
  try {
    return body();
  } finally {
    database.exec('ROLLBACK');
    database.close();
  }
}

function openMutex(path: string, timeoutMs: number): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: timeoutMs });
  } catch (error) {
    throw unusable(path, error);
  }
}

/** SQLITE_BUSY (sqlite.org/rescode.html): another process has the lock. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function unusable(path: string, cause: unknown): OmpayError {
  return new OmpayError('stateUnusable', `cannot lock ${path}: ${messageOf(cause)}`, {
    hint: 'check that its folder exists and is writable: ompay doctor',
    cause,
  });
}
