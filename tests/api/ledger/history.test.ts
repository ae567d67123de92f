import { beforeAll, expect, it } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import {
  type HistoryItem,
  readHistoryBefore,
  readHistoryPage,
  readOperation,
} from '../../../src/api/ledger/history.ts';
import { HOUSE } from '../../../src/api/ledger/house.ts';
import { describeOn, MARIADB, PGLITE } from '../../fixtures/databases.ts';
import { confirmRequest, reserve, resolveRequest } from '../../fixtures/holds.ts';
import { migratedDatabase, type OpenedLedger, openLedger, twoAccounts } from '../../fixtures/ledgers.ts';
import { fund, request, type TestAccount } from '../../fixtures/people.ts';

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
    let cursor: string | undefined;
    for (;;) {
      const items = await readHistoryBefore(db.kysely, { accountId: payee.id }, { cursor, limit: 2 });
      if (items.length === 0) break;
      seen.push(...items.map(({ amountXof }) => amountXof));
      cursor = items.at(-1)?.cursor;
      await ledger.post(request({ debitAccountId: payer.id, creditAccountId: payee.id }));
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  /** `n4`, a cancelled withdrawal, `n5`, a pending deposit, a cancelled withdrawal; of the same account. */
  const mixed = async () => {
    const opened = openLedger(settings);
    const { ledger, pair } = opened;
    const [payer, payee] = await pair();
    const pay = (description: string) =>
      ledger.post(request({ debitAccountId: payer.id, creditAccountId: payee.id, description }));
    const cancel = async (description: string) => {
      const reserved = await reserve(ledger, { accountId: payer.id, description });
      await ledger.post(resolveRequest('void', reserved));
      return reserved.hold;
    };
    await pay('n1');
    const early = await cancel('c1');
    await pay('n2');
    const pending = await reserve(ledger, { accountId: payer.id, type: 'depot', description: 'p1' });
    await cancel('c2');
    return { ...opened, payer, early, pending };
  };

  it('has operations that moved nothing where they were opened, by pages and by cursor', async () => {
    const { db, payer } = await mixed();
    const filter = { accountId: payer.id };
    const all = await readHistoryPage(db.kysely, filter, { page: 1, perPage: 10 });
    expect(all.total).toBe(6);
    expect(all.items.map(({ description, status }) => [description, status])).toEqual([
      ['c2', 'annule'],
      ['p1', 'en_attente'],
      ['n2', 'reussi'],
      ['c1', 'annule'],
      ['n1', 'reussi'],
      [null, 'reussi'],
    ]);
    const paged: unknown[] = [];
    for (const page of [1, 2, 3]) {
      paged.push(...(await readHistoryPage(db.kysely, filter, { page, perPage: 2 })).items);
    }
    const walked: HistoryItem[] = [];
    for (let cursor: string | undefined; walked.length < 6; cursor = walked.at(-1)?.cursor) {
      walked.push(...(await readHistoryBefore(db.kysely, filter, { cursor, limit: 1 })));
    }
    expect([paged, walked]).toEqual([all.items, all.items]);
    const cash = await readHistoryPage(db.kysely, { ...filter, type: 'retrait' }, { page: 1, perPage: 10 });
    expect([cash.total, cash.items.map(({ description }) => description)]).toEqual([2, ['c2', 'c1']]);
  });

  it('has a posted operation once, as its transfer', async () => {
    const { db, ledger, payer, pending } = await mixed();
    const [, distributor] = await twoAccounts(db, { kind: 'distributor' });
    await fund(ledger, distributor.id, 100);
    await ledger.post(confirmRequest(pending, distributor));
    const { items, total } = await readHistoryPage(
      db.kysely,
      { accountId: payer.id },
      { page: 1, perPage: 10 },
    );
    expect([total, items.filter(({ reference }) => reference === pending.hold.reference)]).toMatchObject([
      6,
      [{ status: 'reussi', entryXof: 100, description: 'p1' }],
    ]);
    expect(items[0]?.description).toBe('p1');
  });

  it('finds an operation by its reference, for its own account alone', async () => {
    const { db, payer, early, pending } = await mixed();
    const find = (accountId: string, reference: string) => readOperation(db.kysely, { accountId, reference });
    expect(await find(payer.id, early.reference)).toMatchObject({
      type: 'retrait',
      status: 'annule',
      debitAccountId: payer.id,
      creditAccountId: null,
      balanceAfterXof: null,
    });
    expect(await find(payer.id, pending.hold.reference)).toMatchObject({
      status: 'en_attente',
      creditAccountId: payer.id,
    });
    expect(await find(HOUSE.fees.id, early.reference)).toBeUndefined();
    const [newest] = await readHistoryBefore(
      db.kysely,
      { accountId: payer.id, type: 'paiement' },
      { limit: 1 },
    );
    expect(await find(payer.id, newest?.reference ?? '')).toEqual(newest);
  });
});
