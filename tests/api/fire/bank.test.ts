import { expect, test } from 'vitest';
import { runBank } from '../../../bench/bank/run.ts';
import { openStage } from '../../../bench/bank/stage.ts';
import { MARIADB, MYSQL, PGLITE, POSTGRESQL } from '../../fixtures/databases.ts';

/** Twenty seeds among the databases; bench/bank.ts runs 250 on each. */
const SHARES = [
  { kind: MARIADB, seeds: [1, 2, 3, 4, 5, 6] },
  { kind: POSTGRESQL, seeds: [7, 8, 9, 10, 11, 12] },
  { kind: MYSQL, seeds: [13, 14, 15, 16] },
  { kind: PGLITE, seeds: [17, 18, 19, 20] },
];

for (const { kind, seeds } of SHARES) {
  if (kind.absent !== undefined)
    process.stderr.write(`skipped: the bank test on ${kind.name}: ${kind.absent}\n`);
  test.skipIf(kind.absent !== undefined)(
    `no franc is lost, doubled or made on ${kind.name} while processes, Redis and the database die`,
    { timeout: 300_000 },
    async () => {
      const stage = await openStage(kind, { redis: true });
      try {
        for (const [index, seed] of seeds.entries()) {
          const { violations, acknowledged, snapshots } = await runBank(stage, seed, index);
          expect(violations, `seed ${seed}`).toEqual([]);
          expect(acknowledged, `seed ${seed} had work to do`).toBeGreaterThan(40);
          expect(snapshots, `seed ${seed} was looked at`).toBeGreaterThan(5);
        }
      } finally {
        await stage.end();
      }
    },
  );
}
