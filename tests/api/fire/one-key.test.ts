import { expect, test } from 'vitest';
import { tryEachStep } from '../../../bench/bank/key-steps.ts';
import { MARIADB } from '../../fixtures/databases.ts';

if (MARIADB.absent !== undefined) process.stderr.write(`skipped: one key under crashes: ${MARIADB.absent}\n`);

/** bench/bank-key.ts tries every step and crash on every database. */
test.skipIf(MARIADB.absent !== undefined)(
  'a key asked a hundred times at once, while the connection is cut at each step, moves money once and has one answer',
  { timeout: 300_000 },
  async () => {
    const results = await tryEachStep(MARIADB, { crashes: ['cut'], every: 1, tell: () => {} });
    expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
    const reached = results.filter((result) => result.reached);
    expect(reached.length).toBeGreaterThan(20);
    expect(reached.map(({ step }) => step)).toContain('commit after update ledger_head');
  },
);
