import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { checkInvariants } from '../../../src/api/ledger/invariants.ts';
import { verifyChain } from '../../../src/api/ledger/verify-chain.ts';
import { describeOn, PGLITE } from '../../fixtures/databases.ts';
import { withoutTriggers } from '../../fixtures/ledger-damage.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';
import { request } from '../../fixtures/people.ts';

describeOn([PGLITE], 'the chain of the ledger', (server) => {
  let settings: DatabaseSettings;

  beforeEach(async () => {
    settings = await migratedDatabase(server());
  });

  /** A ledger of so many transfers, in which rows can be changed. */
  const setUp = async (transfers: number) => {
    const opened = openLedger(settings);
    const [payer, payee] = await opened.pair();
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id, amountXof: 1 });
    await Promise.all(Array.from({ length: transfers - 1 }, () => opened.ledger.post(asked)));
    await withoutTriggers(opened.db);
    return { ...opened, change: (statement: string) => sql.raw(statement).execute(opened.db.kysely) };
  };

  it('is looked at over all its pages, and from any place on', async () => {
    const { db, change } = await setUp(2_002);
    expect(await verifyChain(db)).toBeUndefined();
    for (const changed of [1, 1_000, 1_001, 2_000, 2_002]) {
      await change(`update transfers set amount = amount + 1 where chain_seq = ${changed}`);
      expect(await verifyChain(db)).toMatchObject({ chainSeq: changed });
      expect(await verifyChain(db, changed)).toMatchObject({ chainSeq: changed });
      expect(await verifyChain(db, changed + 1)).toBeUndefined();
      // The newest thousand are looked at with the other invariants.
      const { chainBreak } = await checkInvariants(db);
      expect(chainBreak?.chainSeq).toBe(changed < 1_002 ? undefined : changed);
      await change(`update transfers set amount = amount - 1 where chain_seq = ${changed}`);
    }
  });

  it('is the same in whatever order the database keeps the rows', async () => {
    const { db, change } = await setUp(5);
    for (const line of [1, 0]) await change(`update entries set amount = amount where line = ${line}`);
    await change('update transfers set amount = amount where chain_seq = 2');
    expect(await verifyChain(db)).toBeUndefined();
  });

  it('tells what was expected at the place, and what stands there', async () => {
    const { db, change } = await setUp(3);
    const rows = await db.kysely.selectFrom('transfers').select(['chain_seq', 'chain_hash']).execute();
    const hashOf = (seq: number) => rows.find(({ chain_seq }) => chain_seq === seq)?.chain_hash;
    await change(`update transfers set chain_hash = 'forged' where chain_seq = 2`);
    expect(await verifyChain(db)).toEqual({ chainSeq: 2, expectedHash: hashOf(2), foundHash: 'forged' });
    await change('delete from transfers where chain_seq = 2');
    expect(await verifyChain(db)).toEqual({ chainSeq: 2, expectedHash: 'a transfer', foundHash: '' });
  });

  it('ends where the head says', async () => {
    const { db, change } = await setUp(3);
    const newest = await db.kysely.selectFrom('ledger_head').select('chain_hash').executeTakeFirstOrThrow();
    await change(`update ledger_head set chain_hash = 'forged'`);
    expect(await verifyChain(db)).toEqual({
      chainSeq: 3,
      expectedHash: newest.chain_hash,
      foundHash: 'forged',
    });
  });

  it('of nothing is right', async () => {
    const { db } = openLedger(settings);
    expect(await verifyChain(db)).toBeUndefined();
  });
});
