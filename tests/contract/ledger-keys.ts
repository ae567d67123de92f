import { expect, it } from 'vitest';
import type { OpenedLedger } from '../fixtures/ledgers.ts';
import { balanceOf, fund } from '../fixtures/people.ts';
import { keyed, otherBody } from '../fixtures/posts.ts';

/** Part of the ledger's contract: a request with a key moves money once and is answered the same for ever. */
export function idempotencyContract(setUp: () => OpenedLedger): void {
  it('answers a repeated key with the same bytes and moves the money once', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const asked = keyed(payer, payee);
    const first = await ledger.post(asked);
    const again = await ledger.post(asked);
    expect(first).toMatchObject({ kind: 'done', outcome: { kind: 'posted' } });
    expect(again).toEqual({ kind: 'replayed', answer: first.kind === 'done' ? first.answer : undefined });
    expect(await balanceOf(db, payee.id)).toBe(100);
  });

  it('refuses a key that comes back with another body', async () => {
    const { ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const asked = keyed(payer, payee);
    await ledger.post(asked);
    expect(await ledger.post({ ...asked, idempotency: otherBody(asked) })).toEqual({ kind: 'keyReused' });
  });

  it('tells a repeat that the first is still being worked on', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const asked = keyed(payer, payee);
    const [first, repeat, other] = await Promise.all([
      ledger.post(asked),
      ledger.post(asked),
      ledger.post({ ...asked, idempotency: otherBody(asked) }),
    ]);
    expect([first.kind, repeat.kind, other.kind]).toEqual(['done', 'inProgress', 'keyReused']);
    expect(await balanceOf(db, payee.id)).toBe(100);
  });

  it('moves the money once when two processes are given the same key at once', async () => {
    const first = setUp();
    const second = setUp();
    const [payer, payee] = await first.pair();
    const asked = keyed(payer, payee);
    const results = await Promise.all([first.ledger.post(asked), second.ledger.post(asked)]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['done', 'replayed']);
    expect(await balanceOf(first.db, payee.id)).toBe(100);
  });

  it('keeps the keys of two users apart', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const asked = keyed(payer, payee);
    await ledger.post(asked);
    const theirs = { ...asked, idempotency: { ...asked.idempotency, ownerId: payee.userId } };
    expect(await ledger.post(theirs)).toMatchObject({ kind: 'done' });
    expect(await balanceOf(db, payee.id)).toBe(200);
  });

  it('replays a refusal, also once the money would be there', async () => {
    const { db, ledger, pair } = setUp();
    const [payer, payee] = await pair();
    const asked = { ...keyed(payer, payee), amountXof: 20_000 };
    const refused = await ledger.post(asked);
    expect(refused).toMatchObject({ kind: 'done', answer: { statusCode: 400 } });
    await fund(ledger, payer.id, 50_000);
    expect(await ledger.post(asked)).toMatchObject({ kind: 'replayed', answer: { statusCode: 400 } });
    expect(await balanceOf(db, payee.id)).toBe(0);
  });
}
