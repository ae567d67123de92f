import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { HOUSE } from '../../../src/api/ledger/house.ts';
import { checkInvariants } from '../../../src/api/ledger/invariants.ts';
import { checkInvariantsSince, isSound } from '../../../src/api/ledger/invariants-since.ts';
import { verifyChain } from '../../../src/api/ledger/verify-chain.ts';
import { describeOn, MARIADB, PGLITE } from '../../fixtures/databases.ts';
import { confirmRequest, reserve, reverseRequest } from '../../fixtures/holds.ts';
import { withoutTriggers } from '../../fixtures/ledger-damage.ts';
import { migratedDatabase, type OpenedLedger, openLedger } from '../../fixtures/ledgers.ts';
import { request } from '../../fixtures/people.ts';
import { SOUND } from '../../fixtures/sound.ts';

describeOn([PGLITE, MARIADB], 'a ledger that was tampered with', (server) => {
  let settings: DatabaseSettings;

  beforeEach(async () => {
    settings = await migratedDatabase(server());
  });

  /** Five transfers, the first of which funds the payer, in a ledger without its triggers. */
  const setUp = async (): Promise<OpenedLedger> => {
    const opened = openLedger(settings);
    const [payer, payee] = await opened.pair();
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id });
    for (let count = 0; count < 4; count += 1) await opened.ledger.post(asked);
    await withoutTriggers(opened.db);
    return opened;
  };
  const change = (db: Database, statement: string) => sql.raw(statement).execute(db.kysely);

  it('shows nothing before that', async () => {
    const { db } = await setUp();
    expect(await checkInvariants(db)).toEqual(SOUND);
    expect(await verifyChain(db)).toBeUndefined();
    expect(await verifyChain(db, 4)).toBeUndefined();
  });

  it.each([
    ['an amount', 'update transfers set amount = 101 where chain_seq = 3', 3],
    ['an entry', 'update entries set balance_after = 1 where chain_seq = 4 and line = 0', 4],
    ['a transfer that is gone', 'delete from transfers where chain_seq = 2', 2],
    ['the entries of a transfer that are gone', 'delete from entries where chain_seq = 5', 5],
    ['the newest transfer that is gone', 'delete from transfers where chain_seq = 5', 5],
  ])('shows the place of %s', async (_what, statement, chainSeq) => {
    const { db } = await setUp();
    await change(db, statement);
    expect(await verifyChain(db)).toMatchObject({ chainSeq });
    expect((await checkInvariants(db)).chainBreak).toMatchObject({ chainSeq });
  });

  it('shows a head that was set back', async () => {
    const { db } = await setUp();
    await change(db, `update ledger_head set chain_hash = '${'0'.repeat(64)}'`);
    expect(await verifyChain(db)).toMatchObject({ chainSeq: 5, foundHash: '0'.repeat(64) });
  });

  it.each([
    [
      { entriesSumXof: 5, transfersUnbalanced: 1, accountsOff: 1 },
      'update entries set amount = amount + 5 where chain_seq = 3 and line = 0',
    ],
    [{ transfersUnbalanced: 2 }, 'delete from transfers where chain_seq = 3'],
    [{ transfersUnbalanced: 1, accountsOff: 2 }, 'delete from entries where chain_seq = 3'],
    [{ accountsOff: 1 }, `update accounts set balance = balance + 1 where id = '${HOUSE.fees.id}'`],
  ])('shows %j', async (expected, statement) => {
    const { db } = await setUp();
    await change(db, statement);
    const { chainBreak: _any, ...found } = await checkInvariants(db);
    expect(found).toEqual({ ...SOUND, ...expected });
  });

  it('shows a customer below zero', async () => {
    const { db } = await setUp();
    await change(db, 'alter table accounts drop constraint accounts_money_there');
    await change(db, `update accounts set balance = -5 where id = '${HOUSE.suspense.id}'`);
    expect(await checkInvariants(db)).toMatchObject({ negativeCustomers: 1, accountsOff: 1 });
  });

  it.each([
    [{ heldOff: 1 }, 'update accounts set held = held + 1 where held > 0'],
    [{ heldOff: 1 }, 'update accounts set held = 0 where held > 0'],
    [
      { holdsAstray: 1 },
      "update holds set amount = 7, held = case when type = 'retrait' then 7 else 0 end where status = 'reussi'",
    ],
    [
      { holdsAstray: 1, transfersUnbalanced: 2 },
      'delete from transfers where reference in (select reference from holds)',
    ],
    [{ holdsAstray: 1 }, "update holds set status = 'annule', transfer_id = null where status = 'reussi'"],
    [
      { reversalsAstray: 1 },
      'update reversals set reverses_id = (select id from transfers where chain_seq = 1)',
    ],
  ])('shows %j of operations and reversals', async (expected, statement) => {
    const { db, ledger, pair } = await setUp();
    const [customer, other] = await pair();
    const posted = await reserve(ledger, { accountId: customer.id });
    await ledger.post(confirmRequest(posted, other));
    await reserve(ledger, { accountId: customer.id, amountXof: 40 });
    const [original] = await db.kysely
      .selectFrom('transfers')
      .selectAll()
      .where('chain_seq', '=', 3)
      .execute();
    if (original !== undefined) await ledger.post(reverseRequest(original));
    expect(await checkInvariants(db)).toEqual(SOUND);
    await change(db, statement);
    const { chainBreak: _any, ...found } = await checkInvariants(db);
    expect(found).toMatchObject(expected);
  });

  it('has nothing to say of operations before the migration that brings them', async () => {
    const { db } = await setUp();
    await change(db, 'drop table holds');
    await change(db, 'drop table reversals');
    expect(await checkInvariants(db)).toEqual(SOUND);
    expect(isSound(await checkInvariantsSince(db, 0))).toBe(true);
  });
});
