import { OmpayError } from '../core/errors.ts';
import type { BootedDatabase } from '../engine/engine.ts';
import { extractBackup } from '../store/repository/extract.ts';
import { findBackup } from '../store/repository/find.ts';
import { openingOf } from './opening.ts';
import { withScratch } from './scratch.ts';
import type { BackupDeps } from './types.ts';
import { withWork } from './work.ts';

/** A copy that does not start within this time does not start. */
const BOOT_TIMEOUT_MS = 30_000;

export interface BorrowRequest {
  /** A backup's id, or `latest`. */
  readonly id: string;
  readonly run: string;
  /** For the lock that changes of the backups share, held meanwhile. */
  readonly reason: string;
  readonly signal: AbortSignal;
}

/**
 * Starts a copy of a backup on a scratch folder for the time of `work`; whatever that does to it is thrown away.
 * What a killed run left is ended and removed by the next one. Throws `notFound`, `backupDamaged`, `lockHeld`.
 */
export function borrowBackup<T>(
  deps: BackupDeps,
  { id, run, reason, signal }: BorrowRequest,
  work: (database: BootedDatabase, backup: string) => Promise<T>,
): Promise<T> {
  return withWork(deps, { run, reason }, async () => {
    const [copy] = await findBackup(deps, id);
    if (copy === undefined)
      throw new OmpayError('notFound', 'there is no backup', { hint: 'ompay backup create' });
    const { store, base, manifest } = copy;
    return withScratch(deps.workFolder, run, async (dataFolder) => {
      await extractBackup({ store, base, ...manifest }, openingOf(deps, signal), dataFolder);
      const database = await deps.engine.boot(dataFolder, { timeoutMs: BOOT_TIMEOUT_MS, signal });
      try {
        return await work(database, manifest.id);
      } finally {
        await database.stop('kill');
      }
    });
  });
}
