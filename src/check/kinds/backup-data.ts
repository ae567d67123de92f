import { stepIn } from '../history.ts';
import { textIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

interface Fields {
  /** Of `ompay backup verify`: 0 exists, 1 hash, 2 decrypts, 3 starts, 4 its ledger is proven. */
  readonly level: number;
}

/** The data to go back to: the newest backup's copies are there and can be read back. */
export const backupData = defineKind<Fields>({
  kind: 'backup-data',
  schema: { level: { type: 'integer', minimum: 0, maximum: 4 } },
  timeoutMs: 60_000,
  look: async ({ level }, sources, { signal }) => {
    const proven = textIn(stepIn(await sources.currentRun(), 'migrate', 'backup')?.output, 'backup');
    const newest = (await sources.backups())[0];
    if (newest === undefined) return unknown('there is no backup yet', 'ompay backup create');
    const damaged = newest.copies.filter(({ failedAt }) => failedAt !== undefined);
    const hint = `ompay backup verify ${newest.id}`;
    if (damaged.length > 0)
      return fail(
        `${newest.id} is damaged in ${damaged.map(({ store }) => store).join(', ')}`,
        'every copy can be read back',
        'ompay backup create',
      );
    const stores = newest.copies.map(({ store }) => store).join(', ');
    if (newest.id === proven)
      return pass(`${newest.id} in ${stores}: read back, started and proven by this run`);
    const trial = await sources.readBack(newest.id, level, signal);
    if (trial.works) return pass(`${newest.id} in ${stores}: ${trial.seen}`);
    return fail(`${newest.id}: ${trial.seen}`, 'every copy can be read back', hint);
  },
});
