import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { LedgerParts } from '../../src/api/ledger/ledger.ts';
import type { OpenedLedger } from '../fixtures/ledgers.ts';
import { balanceOf } from '../fixtures/people.ts';
import { between, isPosted, keyed, post, refusal } from '../fixtures/posts.ts';

/** Part of the ledger's contract: what a transfer uses up, it uses up once. */
export function claimContract(setUp: (change?: Partial<LedgerParts>) => OpenedLedger): void {
  it('posts one of a hundred requests with one claim, from two processes at once', async () => {
    const [first, second] = [setUp(), setUp()];
    const [payer, payee] = await first.pair();
    const claim = randomUUID();
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 === 0 ? first : second).ledger.post({ ...between(payer, payee), claim }),
      ),
    );
    expect(results.filter(isPosted)).toHaveLength(1);
    const refused = results.filter((result) => result.kind === 'done' && result.outcome.kind === 'refused');
    expect(refused).toHaveLength(99);
    expect(await balanceOf(first.db, payee.id)).toBe(100);
    const claims = first.db.kysely.selectFrom('transfer_claims').selectAll().where('claim', '=', claim);
    expect(await claims.execute()).toHaveLength(1);
  });

  it('leaves a claim to others when its request is refused', async () => {
    const { ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const claimed = { ...between(payer, payee), claim: randomUUID() };
    expect(await refusal(ledger, { ...claimed, amountXof: 10_001 })).toMatchObject({
      reason: 'insufficientFunds',
    });
    await post(ledger, claimed);
    expect(await refusal(ledger, claimed)).toEqual({ reason: 'claimTaken' });
  });

  it('answers a repeat under its key as the first time, and not that its claim is taken', async () => {
    const { ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const request = { ...keyed(payer, payee), claim: randomUUID() };
    expect(await ledger.post(request)).toMatchObject({ kind: 'done' });
    expect(await ledger.post(request)).toMatchObject({ kind: 'replayed', answer: { statusCode: 200 } });
  });
}
