import { beforeAll, expect, it } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { readHistoryBefore, readHistoryPage } from '../../../src/api/ledger/history.ts';
import { HOUSE } from '../../../src/api/ledger/house.ts';
import { describeOn, MARIADB, PGLITE } from '../../fixtures/databases.ts';
import { migratedDatabase, type OpenedLedger, openLedger } from '../../fixtures/ledgers.ts';
import { request, type TestAccount } from '../../fixtures/people.ts';

describeOn([PGLITE, MARIADB], 'the history of an account', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  /** Funds the payer, then sends 1 to 7 XOF in turn by transfer and payment. */
  const setUp = async (): Promise<
    OpenedLedger & { readonly payer: TestAccount; readonly payee: TestAccount }
  > => {
    const opened = openLedger(settings);
    const [payer, payee] = await opened.pair();
    for (let amountXof = 1; amountXof <= 7; amountXof += 1) {
      const type = amountXof % 2 === 0 ? 'transfert' : 'paiement';
      const asked = { debitAccountId: payer.id, creditAccountId: payee.id, description: `n${amountXof}` };
      await opened.ledger.post(request({ ...asked, type, amountXof }));
    }
    return { ...opened, payer, payee };
  };

  it('is the newest first, by pages, with the number of all', async () => {
    const { db, payer } = await setUp();
    const { items, total } = await readHistoryPage(
      db.kysely,
      { accountId: payer.id },
      { page: 2, perPage: 3 },
    );
    expect(total).toBe(8);
    expect(items.map(({ description }) => description)).toEqual(['n4', 'n3', 'n2']);
  });

  it('tells what each transfer was and what it did to the account', async () => {
    const { db, payer, payee } = await setUp();
    const { items } = await readHistoryPage(db.kysely, { accountId: payer.id }, { page: 8, perPage: 1 });
    expect(items).toMatchObject([
      {
        type: 'approvisionnement',
        debitAccountId: HOUSE.issuance.id,
        entryXof: 10_000,
        balanceAfterXof: 10_000,
      },
    ]);
    const [received] = await readHistoryBefore(db.kysely, { accountId: payee.id }, { limit: 1 });
    expect(received).toMatchObject({
      status: 'reussi',
      type: 'paiement',
      amountXof: 7,
      feeXof: 0,
      entryXof: 7,
      balanceAfterXof: 28,
      debitAccountId: payer.id,
      creditAccountId: payee.id,
    });
    expect(received?.reference).toMatch(/^TXN/);
  });

  it('is of one type when asked', async () => {
    const { db, payee } = await setUp();
    const filter = { accountId: payee.id, type: 'transfert' as const };
    const { items, total } = await readHistoryPage(db.kysely, filter, { page: 1, perPage: 2 });
    expect(total).toBe(3);
    expect(items.map(({ amountXof }) => amountXof)).toEqual([6, 4]);
    expect(
      (await readHistoryPage(db.kysely, { ...filter, type: 'depot' }, { page: 1, perPage: 2 })).total,
    ).toBe(0);
  });

  it('goes on from a cursor without losing or repeating a line while new ones come', async () => {
    const { db, ledger, payer, payee } = await setUp();
    const seen: number[] = [];
    let beforeSeq: number | undefined;
    for (;;) {
      const items = await readHistoryBefore(db.kysely, { accountId: payee.id }, { beforeSeq, limit: 2 });
      if (items.length === 0) break;
      seen.push(...items.map(({ amountXof }) => amountXof));
      beforeSeq = items.at(-1)?.chainSeq;
      await ledger.post(request({ debitAccountId: payer.id, creditAccountId: payee.id }));
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });
});
