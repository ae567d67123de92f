import { existsSync } from 'node:fs';
import { listBackups } from '../../../backup/list.ts';
import type { VerifyLevel } from '../../../backup/look.ts';
import { verifyBackup } from '../../../backup/verify.ts';
import type { CheckSources } from '../../../check/sources.ts';
import { LOCAL } from '../../../config/yml/project.ts';
import { OmpayError } from '../../../core/errors.ts';
import { shownDuration } from '../../../core/units.ts';
import { journalFiles } from '../../../plan/journal.ts';
import { journalPublicKey } from '../../../plan/journal-key.ts';
import { newestTest } from '../../../restore/restore-test-file.ts';
import type { Invocation } from '../../command.ts';
import { localBackupDeps, localRepository } from '../backup.ts';
import { once } from '../once.ts';
import { restoreTestsFolder } from '../restore-tests.ts';

const LEVELS: readonly VerifyLevel[] = [0, 1, 2, 3, 4];

/** What the backups are, and whether one can be read back. Makes no key and no folder where nothing was done yet. */
export function backupSources(
  invocation: Invocation,
): Pick<CheckSources, 'backups' | 'readBack' | 'restoreTest'> {
  const { layout } = invocation;
  return {
    backups: once(async () => {
      const key = journalPublicKey(journalFiles(layout));
      if (key === undefined || !existsSync(layout.backups)) return [];
      const { backups, problems } = await listBackups(localRepository(layout, key));
      // A backup that cannot be read might be the newest: what is left would be told as it.
      if (problems[0] !== undefined) throw problems[0].error;
      return backups;
    }),
    readBack: async (id, wanted, signal) => {
      const level = LEVELS.find((each) => each === wanted) ?? 4;
      try {
        const copies = await verifyBackup(await localBackupDeps(invocation), { id, level, signal });
        const tookMs = copies.reduce((sum, copy) => sum + copy.tookMs, 0);
        return { works: true, seen: `read back to level ${level} in ${shownDuration(tookMs)}` };
      } catch (error) {
        if (error instanceof OmpayError && error.code === 'backupDamaged')
          return { works: false, seen: error.message };
        throw error;
      }
    },
    restoreTest: async () => {
      const key = journalPublicKey(journalFiles(layout));
      return key === undefined ? undefined : newestTest(restoreTestsFolder(layout, LOCAL), key);
    },
  };
}
