import { DatabaseSync } from 'node:sqlite';
import { OmpayError, systemCodeOf } from './errors.ts';

/**
 * Runs `body` while no other process on this machine runs one under the same path. Synchronous on purpose: what it
 * guards takes microseconds. The lock is the kernel's (fcntl, by SQLite), so it ends with its process: no stale file,
 * nothing to take over. Throws OmpayError `lockHeld` when it is still taken after `timeoutMs`.
 */
export function withMutex<T>(path: string, timeoutMs: number, body: () => T): T {
  const database = openMutex(path, timeoutMs);
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
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
    throw new OmpayError('stateUnusable', `cannot open ${path} (${systemCodeOf(error) ?? 'no code'})`, {
      hint: 'check that the folder exists and is writable: ompay doctor',
      cause: error,
    });
  }
}
