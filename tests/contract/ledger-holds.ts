import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { LedgerParts } from '../../src/api/ledger/ledger.ts';
import { systemClock } from '../../src/core/clock.ts';
import {
  confirmRequest,
  ending,
  fundsOf,
  holdRow,
  reserve,
  reserveRequest,
  resolveRequest,
  sealCode,
} from '../fixtures/holds.ts';
import { type OpenedLedger, twoAccounts } from '../fixtures/ledgers.ts';
import { fund, type TestAccount } from '../fixtures/people.ts';
import { between, isPosted, post, refusal } from '../fixtures/posts.ts';
import { shiftableClock } from '../fixtures/shiftable-clock.ts';
import { expectSound } from '../fixtures/sound.ts';

const LIFETIME_MS = 15 * 60_000;

/** Part of the ledger's contract: operations that a customer opens and a distributor confirms. */
export function holdContract(setUp: (change?: Partial<LedgerParts>) => OpenedLedger): void {
  /** A customer and a distributor with 10,000 XOF each. */
  const people = async ({ db, ledger }: OpenedLedger): Promise<readonly [TestAccount, TestAccount]> => {
    const [customer, distributor] = await twoAccounts(db, { kind: 'distributor' });
    for (const { id } of [customer, distributor]) await fund(ledger, id, 10_000);
    return [customer, distributor];
  };

  it('holds a withdrawal from the moment it is opened, and moves it once it is confirmed', async () => {
    const opened = setUp();
    const { db, ledger } = opened;
    const [customer, distributor] = await people(opened);
    const reserved = await reserve(ledger, { accountId: customer.id, amountXof: 9_000 });
    expect(await fundsOf(db, customer.id)).toEqual([10_000, 9_000]);
    expect(await refusal(ledger, { ...between(customer, distributor), amountXof: 1_001 })).toMatchObject({
      availableXof: 1_000,
    });
    const confirmed = await ledger.post(confirmRequest(reserved, distributor));
    expect(confirmed).toMatchObject({
      outcome: {
        kind: 'posted',
        transfer: { reference: reserved.hold.reference, type: 'retrait', debitAvailableXof: 1_000 },
        hold: { status: 'reussi' },
      },
    });
    expect(await fundsOf(db, customer.id)).toEqual([1_000, 0]);
    expect(await fundsOf(db, distributor.id)).toEqual([19_000, 0]);
    expect(ending(await ledger.post(confirmRequest(reserved, distributor)))).toBe('codeInvalid');
    await expectSound(db);
  });

  it('judges a deposit when it is confirmed, and leaves it pending when the float is short', async () => {
    const opened = setUp();
    const { db, ledger } = opened;
    const [customer, distributor] = await people(opened);
    const reserved = await reserve(ledger, { accountId: customer.id, type: 'depot', amountXof: 12_000 });
    expect(await fundsOf(db, customer.id)).toEqual([10_000, 0]);
    const asked = confirmRequest(reserved, distributor);
    expect(ending(await ledger.post(asked))).toBe('insufficientFunds');
    expect(await holdRow(db, reserved.hold.id)).toMatchObject({ status: 'en_attente', tries: 0 });
    await fund(ledger, distributor.id, 2_000);
    expect(isPosted(await ledger.post(asked))).toBe(true);
    expect([await fundsOf(db, customer.id), await fundsOf(db, distributor.id)]).toEqual([
      [22_000, 0],
      [0, 0],
    ]);
    await expectSound(db);
  });

  it('gives back what was held and counted when an operation is cancelled', async () => {
    const opened = setUp();
    const { db, ledger } = opened;
    const [customer, other] = await twoAccounts(db, { kind: 'merchant' });
    await fund(ledger, customer.id, 2_000_000);
    const reserved = await reserve(ledger, { accountId: customer.id, amountXof: 1_000_000 });
    const second = await reserve(ledger, { accountId: customer.id, amountXof: 1_000_000 });
    const last = reserveRequest({ accountId: customer.id, amountXof: 1 });
    expect(ending(await ledger.post(last))).toBe('insufficientFunds');
    expect(ending(await ledger.post(resolveRequest('void', reserved)))).toBe('voided');
    expect(await fundsOf(db, customer.id)).toEqual([2_000_000, 1_000_000]);
    // The ceiling of a day is 2,000,000: half of it is still held by the other.
    await post(ledger, { ...between(customer, other), amountXof: 1_000_000 });
    expect(ending(await ledger.post(resolveRequest('void', reserved)))).toBe('holdNotPending');
    expect(ending(await ledger.post(resolveRequest('void', second, { accountId: other.id })))).toBe(
      'holdNotFound',
    );
    expect(ending(await ledger.post(resolveRequest('expire', second)))).toBe('holdNotDue');
    await expectSound(db);
  });

  it('counts a withdrawal in the day of its opening, and gives it back to that day', async () => {
    const clock = shiftableClock();
    clock.pass(Date.UTC(2026, 0, 31, 23, 59) - clock.now());
    const { db, ledger } = setUp({ clock });
    const [customer] = await twoAccounts(db);
    await fund(ledger, customer.id, 5_000);
    const reserved = await reserve(ledger, { accountId: customer.id, amountXof: 700 });
    const kept = await reserve(ledger, { accountId: customer.id, amountXof: 30 });
    clock.pass(2 * 60_000);
    await ledger.post(resolveRequest('void', reserved));
    const counters = await db.kysely
      .selectFrom('usage_counters')
      .select(['period', 'amount'])
      .where('account_id', '=', customer.id)
      .where('direction', '=', 'out')
      .orderBy('period')
      .execute();
    expect(counters).toEqual([
      { period: 'd:2026-01-31', amount: kept.hold.amountXof },
      { period: 'm:2026-01', amount: kept.hold.amountXof },
    ]);
  });

  it('voids at the fifth wrong code, whichever process counts it', async () => {
    const opened = setUp();
    const { db, ledger } = opened;
    const other = setUp();
    const [customer, distributor] = await people(opened);
    const reserved = await reserve(ledger, { accountId: customer.id });
    const wrong = confirmRequest(reserved, distributor, { codeHmac: sealCode('wrong') });
    const results = await Promise.all(
      Array.from({ length: 5 }, (_, index) => (index % 2 === 0 ? ledger : other.ledger).post(wrong)),
    );
    expect(results.map(ending)).toEqual(Array.from({ length: 5 }, () => 'codeInvalid'));
    expect(await holdRow(db, reserved.hold.id)).toMatchObject({ status: 'annule', tries: 5 });
    expect(await fundsOf(db, customer.id)).toEqual([10_000, 0]);
    expect(ending(await ledger.post(confirmRequest(reserved, distributor)))).toBe('codeInvalid');
    await expectSound(db);
  });

  it('gives overdue money back to the next movement that needs it', async () => {
    const clock = shiftableClock();
    const opened = setUp({ clock });
    const { db, ledger } = opened;
    const [customer, distributor] = await people(opened);
    const reserved = await reserve(ledger, { accountId: customer.id, amountXof: 10_000 });
    clock.pass(LIFETIME_MS - 60_000);
    expect((await refusal(ledger, between(customer, distributor))).reason).toBe('insufficientFunds');
    clock.pass(60_000);
    await post(ledger, { ...between(customer, distributor), amountXof: 10_000 });
    expect(ending(await ledger.post(confirmRequest(reserved, distributor)))).toBe('codeInvalid');
    expect(await holdRow(db, reserved.hold.id)).toMatchObject({ status: 'echoue', tries: 0 });
    expect(await ledger.post(resolveRequest('void', reserved))).toMatchObject({
      outcome: { refusal: { reason: 'holdNotPending', status: 'echoue' } },
    });
    await expectSound(db);
  });

  it('opens five operations of a customer, each with a code of its own', async () => {
    const opened = setUp();
    const { ledger } = opened;
    const [customer, distributor] = await people(opened);
    const wish = reserveRequest({ accountId: customer.id });
    const results = await Promise.all(Array.from({ length: 6 }, () => ledger.post(wish)));
    expect(results.map(ending).filter((one) => one === 'reserved')).toHaveLength(5);
    expect(results.map(ending)).toContain('tooManyHolds');
    const [, second] = results;
    if (second?.kind !== 'done' || second.outcome.kind !== 'reserved') throw new Error('five were opened');
    const confirmed = await ledger.post(confirmRequest(second.outcome, distributor));
    expect(confirmed).toMatchObject({ outcome: { hold: { id: second.outcome.hold.id } } });
  });

  it('answers a repeated key with the same bytes, whatever was asked', async () => {
    const opened = setUp();
    const { db, ledger } = opened;
    const [customer, distributor] = await people(opened);
    const key = () => ({ ownerId: customer.userId, key: randomUUID(), fingerprint: 'a'.repeat(64) });
    const asked = [reserveRequest({ accountId: customer.id, idempotency: key() })];
    const reserved = await reserve(ledger, { accountId: customer.id });
    const [confirm, cancel] = [
      confirmRequest(reserved, distributor, { idempotency: key() }),
      resolveRequest('void', reserved, { idempotency: key() }),
    ];
    for (const request of [...asked, confirm, cancel]) {
      const first = await ledger.post(request);
      expect(await ledger.post(request)).toEqual({
        kind: 'replayed',
        answer: first.kind === 'done' ? first.answer : undefined,
      });
    }
    expect(await fundsOf(db, customer.id)).toEqual([9_900, 100]);
  });

  it('lets a settled operation never change again, and none be deleted', async () => {
    const opened = setUp();
    const { db, ledger } = opened;
    const [customer] = await people(opened);
    const reserved = await reserve(ledger, { accountId: customer.id });
    await ledger.post(resolveRequest('void', reserved));
    const { kysely } = db;
    for (const status of ['en_attente', 'echoue'] as const) {
      const change = kysely.updateTable('holds').set({ status }).where('id', '=', reserved.hold.id).execute();
      await expect(change).rejects.toThrow('settled once');
    }
    await expect(kysely.deleteFrom('holds').execute()).rejects.toThrow('settled once');
  });

  it('refuses an account that does not exist', async () => {
    const opened = setUp({ clock: systemClock });
    const [customer] = await people(opened);
    const nobody = randomUUID();
    expect(ending(await opened.ledger.post(reserveRequest({ accountId: nobody })))).toBe('accountNotFound');
    const reserved = await reserve(opened.ledger, { accountId: customer.id });
    const stranger = { id: nobody, userId: nobody };
    expect(ending(await opened.ledger.post(confirmRequest(reserved, stranger)))).toBe('accountNotFound');
    expect(ending(await opened.ledger.post(confirmRequest(reserved, customer)))).toBe('sameAccount');
  });
}
