import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { createRuleBook } from '../../../src/api/ledger/rules.ts';
import { LIMIT_RULES } from '../../../src/api/migrations/0001-rules.ts';
import { manualClock } from '../../fixtures/clock.ts';
import { describeOn, PGLITE } from '../../fixtures/databases.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';

describeOn([PGLITE], 'the rules of the ledger', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  const setUp = () => {
    const db = openDatabase(settings);
    onTestFinished(() => db.close());
    const clock = manualClock();
    return { db, clock, rules: createRuleBook(db, clock) };
  };
  const setRate = (db: Database, rate_ppm: number) =>
    db.kysely.updateTable('fee_rules').set({ rate_ppm }).where('type', '=', 'retrait').execute();

  it('are those of the tables, limits by level and rates by type', async () => {
    const { rules } = setUp();
    const { limits, ratePpm } = await rules();
    expect([...limits.values()].toSorted((a, b) => (a.kyc_level < b.kyc_level ? -1 : 1))).toEqual(
      LIMIT_RULES.toSorted((a, b) => (a.kyc_level < b.kyc_level ? -1 : 1)),
    );
    expect(limits.get('unidentified')?.max_balance).toBe(200_000);
    expect([ratePpm('transfert'), ratePpm('depot')]).toEqual([8_000, 0]);
  });

  it('are used for a second and no longer before they are read again', async () => {
    const { db, clock, rules } = setUp();
    const rate = async (): Promise<number> => (await rules()).ratePpm('retrait');
    await setRate(db, 1);
    expect(await rate()).toBe(1);
    await setRate(db, 2);
    clock.pass(1_000);
    expect(await rate()).toBe(1);
    clock.pass(1);
    expect(await rate()).toBe(2);
    await setRate(db, 3);
    clock.pass(1_000);
    expect(await rate()).toBe(2);
    clock.pass(1);
    expect(await rate()).toBe(3);
  });

  it('have no rate for a type without a row, rather than none to pay', async () => {
    const { db, rules } = setUp();
    await db.kysely.deleteFrom('fee_rules').where('type', '=', 'retrait').execute();
    const { ratePpm } = await rules();
    expect(() => ratePpm('retrait')).toThrow('transfers of type retrait have no fee rule');
  });
});
