import { expect, it } from 'vitest';
import type { TransferRow } from '../../src/api/db/schema.ts';
import { readOperation } from '../../src/api/ledger/history.ts';
import { HOUSE } from '../../src/api/ledger/house.ts';
import type { LedgerParts } from '../../src/api/ledger/ledger.ts';
import { confirmRequest, ending, reserve, reverseRequest } from '../fixtures/holds.ts';
import { type OpenedLedger, twoAccounts } from '../fixtures/ledgers.ts';
import { balanceOf, fund, makeAccounts } from '../fixtures/people.ts';
import { between, post } from '../fixtures/posts.ts';
import { shiftableClock } from '../fixtures/shiftable-clock.ts';
import { expectSound } from '../fixtures/sound.ts';

/** Part of the ledger's contract: a transfer is undone by another, once. */
export function reversalContract(setUp: (change?: Partial<LedgerParts>) => OpenedLedger): void {
  const rowOf = ({ db }: OpenedLedger, id: string): Promise<TransferRow> =>
    db.kysely.selectFrom('transfers').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

  /** A transfer of 1,250 XOF with a fee of 10. */
  const setUpTransfer = async (change: Partial<LedgerParts> = {}) => {
    const opened = setUp(change);
    const [payer, payee] = await opened.pair();
    const asked = { ...between(payer, payee), type: 'transfert' as const, amountXof: 1_250 };
    const { transfer } = await post(opened.ledger, asked);
    return { ...opened, payer, payee, original: await rowOf(opened, transfer.id) };
  };

  it('gives amount and fee back, and shows the transfer as cancelled', async () => {
    const { db, ledger, payer, payee, original } = await setUpTransfer();
    const feesBefore = await balanceOf(db, HOUSE.fees.id);
    expect(await ledger.post(reverseRequest(original))).toMatchObject({
      outcome: {
        transfer: { type: 'transfert', feeXof: 0, debitAvailableXof: 0, creditAvailableXof: 10_000 },
      },
    });
    expect([await balanceOf(db, payer.id), await balanceOf(db, payee.id)]).toEqual([10_000, 0]);
    expect(await balanceOf(db, HOUSE.fees.id)).toBe(feesBefore - 10);
    for (const { id: accountId } of [payer, payee]) {
      const shown = await readOperation(db.kysely, { accountId, reference: original.reference });
      expect(shown?.status).toBe('annule');
    }
    await expectSound(db);
  });

  it('is done once, of all who ask at once in two processes, and is never undone itself', async () => {
    const opened = await setUpTransfer();
    const { ledger, original } = opened;
    const other = setUp();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? ledger : other.ledger).post(reverseRequest(original)),
      ),
    );
    const endings = results.map(ending);
    expect(endings.filter((one) => one === 'posted')).toHaveLength(1);
    expect(endings.filter((one) => one === 'alreadyReversed')).toHaveLength(19);
    const posted = results.flatMap((result) =>
      result.kind === 'done' && result.outcome.kind === 'posted' ? [result.outcome.transfer] : [],
    );
    const reversing = await rowOf(opened, posted[0]?.id ?? '');
    expect(ending(await ledger.post(reverseRequest(reversing)))).toBe('isReversal');
  });

  it('needs the money to be there still, what is held counted out', async () => {
    const { db, ledger, payee, original } = await setUpTransfer();
    await reserve(ledger, { accountId: payee.id, amountXof: 1 });
    expect(await ledger.post(reverseRequest(original))).toMatchObject({
      outcome: { refusal: { reason: 'insufficientFunds', availableXof: 1_249, neededXof: 1_250 } },
    });
    await fund(ledger, payee.id, 1);
    expect(ending(await ledger.post(reverseRequest(original)))).toBe('posted');
    expect(await balanceOf(db, payee.id)).toBe(1);
  });

  it('asks no ceiling, and gives back what the transfer counted, in its own periods', async () => {
    const clock = shiftableClock();
    clock.pass(Date.UTC(2026, 0, 31, 12) - clock.now());
    const { db, ledger, payer, payee, original } = await setUpTransfer({ clock });
    clock.pass(24 * 3_600_000);
    await fund(ledger, payer.id, 1_991_260);
    expect(await balanceOf(db, payer.id)).toBe(2_000_000);
    expect(ending(await ledger.post(reverseRequest(original)))).toBe('posted');
    const counters = await db.kysely
      .selectFrom('usage_counters')
      .select(['period', 'direction', 'amount'])
      .where('account_id', 'in', [payer.id, payee.id])
      .orderBy('period')
      .orderBy('direction')
      .orderBy('amount')
      .execute();
    expect(counters).toEqual([
      { period: 'd:2026-01-31', direction: 'out', amount: 0 },
      { period: 'm:2026-01', direction: 'in', amount: 0 },
      { period: 'm:2026-01', direction: 'in', amount: 10_000 },
      { period: 'm:2026-01', direction: 'out', amount: 0 },
      { period: 'm:2026-02', direction: 'in', amount: 1_991_260 },
    ]);
  });

  it("gives a customer's own withdrawal back to the day of its opening", async () => {
    const clock = shiftableClock();
    clock.pass(Date.UTC(2026, 0, 31, 23, 59) - clock.now());
    const { db, ledger } = setUp({ clock });
    const [customer] = await twoAccounts(db);
    const [distributor] = await makeAccounts(db, [{ kind: 'distributor', kycLevel: 'staff' }]);
    if (distributor === undefined) throw new Error('an account was made');
    await fund(ledger, customer.id, 5_000);
    const reserved = await reserve(ledger, { accountId: customer.id, amountXof: 700 });
    clock.pass(2 * 60_000);
    await ledger.post(confirmRequest(reserved, distributor));
    const original = await db.kysely
      .selectFrom('transfers')
      .selectAll()
      .where('reference', '=', reserved.hold.reference)
      .executeTakeFirstOrThrow();
    expect(ending(await ledger.post(reverseRequest(original)))).toBe('posted');
    const counters = await db.kysely
      .selectFrom('usage_counters')
      .select(['period', 'amount'])
      .where('account_id', '=', customer.id)
      .where('direction', '=', 'out')
      .orderBy('period')
      .execute();
    expect(counters).toEqual([
      { period: 'd:2026-01-31', amount: 0 },
      { period: 'm:2026-01', amount: 0 },
    ]);
  });

  it('is kept for ever', async () => {
    const { db, ledger, original } = await setUpTransfer();
    await ledger.post(reverseRequest(original));
    await expect(db.kysely.updateTable('reversals').set({ reason: '' }).execute()).rejects.toThrow(
      'never changed',
    );
    await expect(db.kysely.deleteFrom('reversals').execute()).rejects.toThrow('never changed');
  });

  it('goes between accounts that exist', async () => {
    const { db, ledger, original } = await setUpTransfer();
    const [stranger] = await twoAccounts(db);
    const nobody = { ...original, id: stranger.id, credit_account_id: 'nobody' };
    expect(ending(await ledger.post(reverseRequest(nobody)))).toBe('accountNotFound');
  });
}
