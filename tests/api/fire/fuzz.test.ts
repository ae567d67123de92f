import { expect, test } from 'vitest';
import { openStage } from '../../../bench/bank/stage.ts';
import { fuzz } from '../../../bench/fuzz/campaign.ts';
import { MARIADB } from '../../fixtures/databases.ts';

if (MARIADB.absent !== undefined) process.stderr.write(`skipped: fuzzing the routes: ${MARIADB.absent}\n`);

/** bench/fuzz.ts sends 20,000. */
test.skipIf(MARIADB.absent !== undefined)(
  'no route answers 5xx, shows its inside or tells of other people, whatever its own schema can be bent to',
  { timeout: 300_000 },
  async () => {
    const stage = await openStage(MARIADB);
    try {
      const { findings, broken, seen } = await fuzz(stage, 1, 1_000);
      expect(findings).toEqual([]);
      expect(broken).toEqual([]);
      expect([...seen.keys()]).toEqual(
        expect.arrayContaining([
          'transfer 200',
          'transfer 422',
          'withdraw 200',
          'login 200',
          'login 401',
          'history 200',
        ]),
      );
    } finally {
      await stage.end();
    }
  },
);
