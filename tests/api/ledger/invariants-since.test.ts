import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { HOUSE } from '../../../src/api/ledger/house.ts';
import { checkInvariants } from '../../../src/api/ledger/invariants.ts';
import { checkInvariantsSince, isSound } from '../../../src/api/ledger/invariants-since.ts';
import { describeOn, SERVER_KINDS } from '../../fixtures/databases.ts';
import { reserve } from '../../fixtures/holds.ts';
import { withoutTriggers } from '../../fixtures/ledger-damage.ts';
import { migratedDatabase, type OpenedLedger, openLedger } from '../../fixtures/ledgers.ts';
import { request } from '../../fixtures/people.ts';

describeOn(SERVER_KINDS, 'what was posted after a place', (server) => {
  let settings: DatabaseSettings;

  beforeEach(async () => {
    settings = await migratedDatabase(server());
  });

  /** Five transfers, the first of which funds the payer, in a ledger whose rows can be changed. */
  const setUp = async (): Promise<
    OpenedLedger & { readonly change: (statement: string) => Promise<unknown> }
  > => {
    const opened = openLedger(settings);
    const [payer, payee] = await opened.pair();
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id });
    for (let count = 0; count < 4; count += 1) await opened.ledger.post(asked);
    await withoutTriggers(opened.db);
    return { ...opened, change: (statement) => sql.raw(statement).execute(opened.db.kysely) };
  };

  it('is sound, and tells where the next check begins', async () => {
    const { db } = await setUp();
    for (const chainSeq of [0, 3, 5]) {
      const found = await checkInvariantsSince(db, chainSeq);
      expect(found).toMatchObject({
        headSeq: 5,
        transfersUnbalanced: 0,
        accountsOff: 0,
        negativeCustomers: 0,
      });
      expect(isSound(found)).toBe(true);
    }
    expect(isSound(await checkInvariants(db))).toBe(true);
  });

  it.each([
    [
      'an entry that does not balance',
      { transfersUnbalanced: 1 },
      'update entries set amount = amount + 5 where chain_seq = 5 and line = 0',
    ],
    ['a transfer without entries', { transfersUnbalanced: 1 }, 'delete from entries where chain_seq = 4'],
    [
      'a balance that no entry made',
      { accountsOff: 1 },
      `update accounts set balance = balance + 1 where kind = 'customer' and balance < 9000`,
    ],
    [
      'a changed transfer',
      { chainBreak: { chainSeq: 4 } },
      'update transfers set amount = 101 where chain_seq = 4',
    ],
    ['a transfer that is gone', { chainBreak: { chainSeq: 5 } }, 'delete from transfers where chain_seq = 5'],
    ['a ledger that lost its end', { chainBreak: { chainSeq: 2 } }, 'update ledger_head set chain_seq = 2'],
  ])('shows %s', async (_what, expected, statement) => {
    const { db, change } = await setUp();
    await change(statement);
    const found = await checkInvariantsSince(db, 3);
    expect(found).toMatchObject(expected);
    expect(isSound(found)).toBe(false);
  });

  it('shows a customer who cannot pay', async () => {
    const { db, change } = await setUp();
    await change('alter table accounts drop constraint accounts_money_there');
    await change("update accounts set held = 1000000 where kind = 'customer'");
    expect(await checkInvariantsSince(db, 3)).toMatchObject({ negativeCustomers: 2 });
  });

  it('looks at nothing from before that place', async () => {
    const { db, change } = await setUp();
    await change('update transfers set amount = 101 where chain_seq = 2');
    await change(`update accounts set balance = balance + 1 where id = '${HOUSE.issuance.id}'`);
    expect(isSound(await checkInvariantsSince(db, 3))).toBe(true);
    expect(isSound(await checkInvariants(db))).toBe(false);
  });

  it('shows what is held of an account without its operation', async () => {
    const { db, ledger, pair, change } = await setUp();
    const [customer] = await pair();
    const reserved = await reserve(ledger, { accountId: customer.id });
    const { headSeq } = await checkInvariantsSince(db, 3);
    expect(isSound(await checkInvariantsSince(db, headSeq))).toBe(true);
    await change(`update accounts set held = 50 where id = '${customer.id}'`);
    expect(await checkInvariantsSince(db, headSeq)).toMatchObject({ heldOff: 1 });
    await change(`update accounts set held = 0 where id = '${customer.id}'`);
    await change(`update holds set status = 'annule', resolved_at_ms = 1 where id = '${reserved.hold.id}'`);
    expect(isSound(await checkInvariantsSince(db, headSeq))).toBe(true);
  });
});
