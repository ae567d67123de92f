import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { type HeldLock, holdLock } from '../plan/lock.ts';
import type { Store } from '../store/store.ts';
import { sweepIntents } from './intent.ts';
import { sweepScratch } from './scratch.ts';
import type { BackupDeps } from './types.ts';

/**
 * Takes the lock that all changes of the backups share, then clears what killed runs left. A store that is away is
 * cleared by a later run; only when none can be used, its error is thrown. Throws `lockHeld`, naming the run that holds
 * it; a holder that died is replaced at once.
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
    await sweepStores(deps.stores, `${deps.site}/`);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function sweepStores(stores: readonly Store[], prefix: string): Promise<void> {
  const swept = await Promise.allSettled(stores.map((store) => store.sweep(prefix)));
  const [failure] = swept.filter((each) => each.status === 'rejected');
  if (failure !== undefined && swept.every(({ status }) => status === 'rejected')) throw failure.reason;
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
