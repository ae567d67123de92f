import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { HOUSE } from '../../src/api/ledger/house.ts';
import type { LedgerParts } from '../../src/api/ledger/ledger.ts';
import { systemClock } from '../../src/core/clock.ts';
import { reserve } from '../fixtures/holds.ts';
import { type OpenedLedger, twoAccounts } from '../fixtures/ledgers.ts';
import { fund, makeAccounts } from '../fixtures/people.ts';
import { between, post, refusal } from '../fixtures/posts.ts';

/** Part of the ledger's contract: why money does not move. */
export function refusalContract(setUp: (change?: Partial<LedgerParts>) => OpenedLedger): void {
  it('gives the reason and the figures when funds are short, money held counted out', async () => {
    const { ledger, db } = setUp();
    const [payer, payee] = await twoAccounts(db);
    await fund(ledger, payer.id, 1_000);
    await reserve(ledger, { accountId: payer.id, amountXof: 400 });
    expect(await refusal(ledger, { ...between(payer, payee), type: 'transfert', amountXof: 600 })).toEqual({
      reason: 'insufficientFunds',
      availableXof: 600,
      neededXof: 605,
    });
  });

  it('refuses accounts that do not exist and a transfer to oneself', async () => {
    const { ledger, pair } = setUp();
    const [payer] = await pair();
    const nobody = randomUUID();
    const unknown = { reason: 'accountNotFound', accountId: nobody };
    expect(await refusal(ledger, { debitAccountId: nobody, creditAccountId: payer.id })).toEqual(unknown);
    expect(await refusal(ledger, { debitAccountId: payer.id, creditAccountId: nobody })).toEqual(unknown);
    expect(await refusal(ledger, between(payer, payer))).toEqual({ reason: 'sameAccount' });
  });

  it('fills a balance to its legal ceiling and not a franc further', async () => {
    const { ledger, db } = setUp();
    const [holder] = await makeAccounts(db, [{ kycLevel: 'unidentified' }]);
    if (holder === undefined) throw new Error('an account was made');
    const depot = { type: 'depot' as const, debitAccountId: HOUSE.issuance.id, creditAccountId: holder.id };
    await post(ledger, { ...depot, amountXof: 199_999 });
    expect(await refusal(ledger, { ...depot, amountXof: 2 })).toEqual({
      reason: 'balanceCeiling',
      ceilingXof: 200_000,
    });
    await post(ledger, { ...depot, amountXof: 1 });
  });

  it('counts what was sent in a day, over batches and processes, and starts again the next day', async () => {
    let shiftMs = 0;
    const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 30, 23, 59) + shiftMs };
    const { ledger, db } = setUp({ clock });
    const other = setUp({ clock });
    const [payer, payee] = await twoAccounts(db, { kind: 'merchant' });
    await fund(ledger, payer.id, 2_000_000);
    await post(ledger, { ...between(payer, payee), amountXof: 1_500_000 });
    await fund(ledger, payer.id, 500_000);
    const over = { ...between(payer, payee), amountXof: 500_001 };
    expect(await refusal(other.ledger, over)).toEqual({
      reason: 'periodCeiling',
      period: 'day',
      direction: 'out',
      ceilingXof: 2_000_000,
    });
    await post(ledger, { ...over, amountXof: 500_000 });
    shiftMs = 60_000;
    await post(other.ledger, { ...over, amountXof: 1 });
  });
}
