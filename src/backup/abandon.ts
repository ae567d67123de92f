import type { HeldLock } from '../plan/lock.ts';
import { dropIntent, removeBase } from './intent.ts';
import type { BackupDeps } from './types.ts';

/**
 * Removes what a backup that will not be published has written, then gives the lock back. What cannot be removed now
 * (a store that is away) keeps its intent, and the next run removes it. Never throws: it runs when something failed.
 */
export async function abandon(
  deps: BackupDeps,
  backup: { readonly id: string; readonly base: string; readonly lock: HeldLock },
): Promise<void> {
  try {
    if (backup.base === '') return;
    const removals = await Promise.allSettled(deps.stores.map((store) => removeBase(store, backup.base)));
    if (removals.every(({ status }) => status === 'fulfilled')) await dropIntent(deps.workFolder, backup.id);
  } catch {
    // The first failure is the one to tell; this one leaves the intent, which is acted on later.
  } finally {
    backup.lock.release();
  }
}
