import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, OmpayError } from './errors.ts';

/**
 * Runs `body` while no other process on this machine runs one under the same path. Synchronous on purpose: what it
 * guards takes microseconds. The lock is the kernel's (fcntl, by SQLite), so it ends with its process: no stale file,
 * nothing to take over. Writes only when the file is new: later it also works on a full disk. Throws OmpayError
 * `lockHeld` when it is still taken after `timeoutMs`, `stateUnusable` when the file cannot be used. Not re-entrant.
 */
export function withMutex<T>(path: string, timeoutMs: number, body: () => T): T {
  const database = openMutex(path, timeoutMs);
  try {
    if (statSync(path).size === 0) writeFirstPage(database);
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

/** SQLite writes the first page of an empty file at each BEGIN IMMEDIATE, and a ROLLBACK takes it away again. */
function writeFirstPage(database: DatabaseSync): void {
  database.exec('PRAGMA page_size = 512; BEGIN IMMEDIATE; PRAGMA user_version = 1; COMMIT');
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
