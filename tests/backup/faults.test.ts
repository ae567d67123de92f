import { expect, test } from 'vitest';
import { injectFaults } from '../fixtures/backup-faults.ts';
import { removeFolder, temporaryFolder } from '../fixtures/pglite.ts';

test('every fault in a copy is found, and no good copy is told damaged (long form: bench/backup-faults.ts)', async () => {
  const folder = await temporaryFolder();
  try {
    const tallies = await injectFaults(folder, { backups: 4, faults: 32, seed: 5 });
    expect(tallies.filter(({ missed, falseAlarms }) => missed + falseAlarms > 0)).toEqual([]);
    expect(tallies.every(({ injected, found }) => injected === 2 && found === 2)).toBe(true);
  } finally {
    await removeFolder(folder);
  }
}, 120_000);
