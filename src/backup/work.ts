import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { type HeldLock, holdLock } from '../plan/lock.ts';
import { sweepIntents } from './intent.ts';
import { sweepScratch } from './scratch.ts';
import type { BackupDeps } from './types.ts';

/**
 * Takes the lock that all changes of the backups share, then clears what killed runs left. Throws `lockHeld`, naming
 * the run that holds it; a holder that died is replaced at once.
 */
export async function beginWork(deps: BackupDeps, work: { run: string; reason: string }): Promise<HeldLock> {
  try {
    await mkdir(deps.workFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw diskRefusal(error, deps.workFolder) ?? error;
  }
  const lock = holdLock(join(deps.workFolder, 'lock'), { ...deps.actor, ...work }, deps.clock);
  try {
    await sweepScratch(deps.workFolder, deps.engine);
    await sweepIntents(deps.workFolder, deps);
    for (const store of deps.stores) await store.sweep(`${deps.site}/`);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Runs `body` under that lock. */
export async function withWork<T>(
  deps: BackupDeps,
  work: { run: string; reason: string },
  body: () => Promise<T>,
): Promise<T> {
  const lock = await beginWork(deps, work);
  try {
    return await body();
  } finally {
    lock.release();
  }
}
