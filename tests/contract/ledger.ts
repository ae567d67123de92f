import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import { HOUSE } from '../../src/api/ledger/house.ts';
import type { LedgerParts } from '../../src/api/ledger/ledger.ts';
import type { PostRequest, PostResult } from '../../src/api/ledger/types.ts';
import type { DatabaseServer } from '../fixtures/databases.ts';
import { migratedDatabase, openLedger } from '../fixtures/ledgers.ts';
import { balanceOf, fund, makeAccounts } from '../fixtures/people.ts';
import { between, isPosted, keyed, post } from '../fixtures/posts.ts';
import { expectSound } from '../fixtures/sound.ts';
import { claimContract } from './ledger-claims.ts';
import { holdRaceContract } from './ledger-hold-races.ts';
import { holdContract } from './ledger-holds.ts';
import { idempotencyContract } from './ledger-keys.ts';
import { refusalContract } from './ledger-refusals.ts';
import { reversalContract } from './ledger-reversals.ts';

/** What every database must give the ledger. The server may be killed by the tests; it is empty at the start. */
export function ledgerContract(server: () => DatabaseServer): void {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  const setUp = (change: Partial<LedgerParts> = {}) => openLedger(settings, change);

  it('moves money by entries that sum to zero, and takes the fee from the sender', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const feesBefore = await balanceOf(db, HOUSE.fees.id);
    const { transfer } = await post(ledger, {
      ...between(payer, payee),
      type: 'transfert',
      amountXof: 1_250,
    });
    expect(transfer).toMatchObject({ feeXof: 10, debitAvailableXof: 8_740, creditAvailableXof: 1_250 });
    const entries = await db.kysely
      .selectFrom('entries')
      .selectAll()
      .where('transfer_id', '=', transfer.id)
      .execute();
    expect(entries.map(({ account_id, amount }) => ({ account_id, amount }))).toEqual([
      { account_id: payer.id, amount: -1_260 },
      { account_id: payee.id, amount: 1_250 },
      { account_id: HOUSE.fees.id, amount: 10 },
    ]);
    expect(await balanceOf(db, payer.id)).toBe(8_740);
    expect(await balanceOf(db, HOUSE.fees.id)).toBe(feesBefore + 10);
    await expectSound(db);
  });

  it('writes the messages in the same transaction, sealed', async () => {
    const { db, ledger, pair } = setUp({ sealMessage: (body) => `sealed(${body})` });
    const [payer, payee] = await pair();
    const recipient = `+2217${randomUUID().slice(0, 8)}`;
    await ledger.post({
      ...between(payer, payee),
      messages: ({ amountXof }) => [{ channel: 'sms', recipient, body: `recu ${amountXof}` }],
    });
    const row = await db.kysely
      .selectFrom('outbox')
      .selectAll()
      .where('recipient', '=', recipient)
      .executeTakeFirst();
    expect(row).toMatchObject({
      channel: 'sms',
      body_encrypted: 'sealed(recu 100)',
      attempts: 0,
      delivered_at_ms: 0,
    });
  });

  it('keeps every franc when 500 requests of two processes meet on three accounts', async () => {
    const first = setUp();
    const second = setUp();
    const accounts = await makeAccounts(first.db, [{}, {}, {}]);
    for (const { id } of accounts) await fund(first.ledger, id, 100_000);
    const posts = Array.from({ length: 500 }, (_, index) => {
      const [debit, credit] = [accounts[index % 3], accounts[(index + 1 + (index % 2)) % 3]];
      if (debit === undefined || credit === undefined) throw new Error('three accounts were made');
      const { ledger } = index % 5 === 0 ? second : first;
      return ledger.post({ ...between(debit, credit), amountXof: 1 + index });
    });
    const results = await Promise.all(posts);
    expect(results.map(({ kind }) => kind)).toEqual(results.map(() => 'done'));
    const balances = await Promise.all(accounts.map(({ id }) => balanceOf(first.db, id)));
    expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(300_000);
    await expectSound(first.db);
  });

  it('lets as many spend as the balance allows when all ask at once', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const results = await Promise.all(
      Array.from({ length: 60 }, () => ledger.post({ ...between(payer, payee), amountXof: 400 })),
    );
    expect(results.filter(isPosted)).toHaveLength(25);
    expect(await balanceOf(db, payer.id)).toBe(0);
  });

  it('fails only the request whose own code fails', async () => {
    const errors: unknown[] = [];
    const { db, ledger, pair } = setUp({ onError: (error) => errors.push(error) });
    const [payer, payee] = await pair();
    const broken: PostRequest = {
      ...keyed(payer, payee),
      answer: () => {
        throw new Error('this answer cannot be made');
      },
    };
    const good = Array.from({ length: 5 }, () => ledger.post(between(payer, payee)));
    const bad = ledger.post(broken);
    await expect(bad).rejects.toThrow('this answer cannot be made');
    const results = await Promise.all(good);
    expect(results.filter(isPosted)).toHaveLength(5);
    expect(await balanceOf(db, payee.id)).toBe(500);
    expect(errors).toHaveLength(2);
    expect(await ledger.post({ ...broken, answer: () => ({ statusCode: 200, body: '' }) })).toMatchObject({
      kind: 'done',
    });
  });

  it('refuses to change or delete what was written', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    await post(ledger, between(payer, payee));
    const { kysely } = db;
    await expect(kysely.updateTable('transfers').set({ amount: 1 }).execute()).rejects.toThrow(
      'never changed',
    );
    await expect(kysely.updateTable('entries').set({ amount: 1 }).execute()).rejects.toThrow('never changed');
    await expect(kysely.deleteFrom('transfers').execute()).rejects.toThrow('never changed');
    await expect(kysely.deleteFrom('entries').execute()).rejects.toThrow('never changed');
    await expectSound(db);
  });

  it('cannot be made to hold a negative balance by anybody', async () => {
    const { db, pair } = setUp();
    const [payer] = await pair();
    const negative = db.kysely
      .updateTable('accounts')
      .set({ balance: -1 })
      .where('id', '=', payer.id)
      .execute();
    await expect(negative).rejects.toThrow(/money_there/);
  });

  it('finishes what it accepted, then takes no more', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const accepted = Array.from({ length: 20 }, () => ledger.post(between(payer, payee)));
    await ledger.close();
    expect(await balanceOf(db, payee.id)).toBe(2_000);
    expect((await Promise.all(accepted)).filter(isPosted)).toHaveLength(20);
    await expect(ledger.post(between(payer, payee))).rejects.toMatchObject({ code: 'databaseUnavailable' });
  });

  idempotencyContract(setUp);
  claimContract(setUp);
  refusalContract(setUp);
  holdContract(setUp);
  holdRaceContract(setUp);
  reversalContract(setUp);

  it('loses no acknowledged transfer when the database is killed, and a key tells of the others', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const asked = Array.from({ length: 300 }, () => ({ ...keyed(payer, payee), amountXof: 1 }));
    const results: Promise<PostResult | 'unknown'>[] = [];
    for (const [index, one] of asked.entries()) {
      results.push(ledger.post(one).catch(() => 'unknown' as const));
      if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (index === 150) await server().kill();
    }
    await server().restart();
    const seen = await Promise.all(results);
    const repeated = await Promise.all(asked.map((one) => ledger.post(one)));
    for (const [index, result] of seen.entries()) {
      if (result !== 'unknown') expect(repeated[index]?.kind).toBe('replayed');
    }
    expect(await balanceOf(db, payee.id)).toBe(300);
    await expectSound(db);
  });
}
