import { describe, expect, test } from 'vitest';
import { HOLD_LIFETIME_MS, MOST_HOLDS_PER_ACCOUNT } from '../../../src/api/ledger/hold.ts';
import {
  account,
  apply,
  deposit,
  hold,
  NOTHING,
  NOW_MS,
  outcomesOf,
  reserve,
  sealCode,
  stateOf,
  used,
  writesOf,
} from './batches.ts';
import { RESERVED_XOF, refused, seen, settled, sms, stateWith } from './pending.ts';

describe('a withdrawal that a customer opens', () => {
  const opened = hold({
    id: 'id1',
    reference: 'TXN1',
    code_hmac: sealCode('000001'),
    created_at_ms: NOW_MS,
    expires_at_ms: NOW_MS + HOLD_LIFETIME_MS,
    opened_seq: 7,
  });

  test('holds amount and fee, is counted as sent, and moves nothing', () => {
    const head = { chainSeq: 7, chainHash: 'hash' };
    const plan = apply(stateOf([account('ana')], { head }), [reserve()]);
    expect(outcomesOf(plan)).toEqual([{ kind: 'reserved', hold: seen(opened), code: '000001' }]);
    expect(writesOf(plan)).toEqual({
      ...NOTHING,
      head,
      newHolds: [opened],
      raised: new Map([['ana', RESERVED_XOF]]),
      usage: [
        { account_id: 'ana', period: 'd:2026-11-22', direction: 'out', amount: 1_000 },
        { account_id: 'ana', period: 'm:2026-11', direction: 'out', amount: 1_000 },
      ],
      messages: sms('reserved'),
    });
  });

  test('has a reference of its own kind', () => {
    const newHoldReference = () => 'TXN-of-a-hold';
    expect(apply(stateOf([account('ana')]), [reserve()], { newHoldReference }).newHolds).toMatchObject([
      { reference: 'TXN-of-a-hold' },
    ]);
  });

  test('is answered and kept under its key as any request, without a transfer', () => {
    const idempotency = { ownerId: 'u', key: 'k', fingerprint: 'f' };
    const { decided, keys } = apply(stateOf([account('ana')]), [reserve({ idempotency })]);
    expect(decided[0]?.result).toMatchObject({ kind: 'done', answer: { statusCode: 200, body: 'reserved' } });
    expect(keys).toMatchObject([{ idempotency_key: 'k', body: 'reserved', transfer_id: null }]);
  });

  test('needs the money for amount and fee beside what is held, to the franc', () => {
    const withXof = (balanceXof: number) => stateWith([], account('ana', { balanceXof, heldXof: 500 }));
    expect(outcomesOf(apply(withXof(1_510), [reserve()]))).toMatchObject([{ kind: 'reserved' }]);
    const short = apply(withXof(1_509), [reserve()]);
    expect(outcomesOf(short)).toEqual(
      refused({ reason: 'insufficientFunds', availableXof: 1_009, neededXof: 1_010 }),
    );
    expect(writesOf(short)).toEqual({ ...NOTHING, messages: sms('refused') });
  });

  test('is judged by the ceilings on what is sent', () => {
    const sent = (dayOutXof: number) => stateWith([], account('ana', used({ dayOutXof })));
    expect(outcomesOf(apply(sent(19_000), [reserve()]))).toMatchObject([{ kind: 'reserved' }]);
    expect(outcomesOf(apply(sent(19_001), [reserve()]))).toEqual(
      refused({ reason: 'periodCeiling', period: 'day', direction: 'out', ceilingXof: 20_000 }),
    );
  });

  test('leaves less for the next of the same batch', () => {
    const plan = apply(stateWith([], account('ana', { balanceXof: 1_500 })), [reserve(), reserve()]);
    expect(outcomesOf(plan)).toMatchObject([
      { kind: 'reserved' },
      { refusal: { reason: 'insufficientFunds', availableXof: 490 } },
    ]);
  });

  test('of an account that there is not is refused', () => {
    expect(outcomesOf(apply(stateOf([]), [reserve()]))).toEqual(
      refused({ reason: 'accountNotFound', accountId: 'ana' }),
    );
  });

  test('is one of five at most that are pending, those of others and settled ones not counted', () => {
    const holds = Array.from({ length: MOST_HOLDS_PER_ACCOUNT }, (_, index) => deposit({ id: `h${index}` }));
    expect(outcomesOf(apply(stateWith(holds), [reserve()]))).toEqual(
      refused({ reason: 'tooManyHolds', most: 5 }),
    );
    for (const other of [{ account_id: 'bob' }, { status: 'annule' as const }]) {
      const fewer = holds.with(2, deposit({ id: 'h2', ...other }));
      expect(outcomesOf(apply(stateWith(fewer), [reserve()]))).toMatchObject([{ kind: 'reserved' }]);
    }
  });

  test('makes room by expiring what is overdue first', () => {
    const holds = Array.from({ length: 5 }, (_, index) => deposit({ id: `h${index}` }));
    const due = deposit({ id: 'h0', expires_at_ms: NOW_MS });
    const plan = apply(stateWith(holds.with(0, due)), [reserve()]);
    expect(outcomesOf(plan)).toMatchObject([{ kind: 'reserved' }]);
    expect(plan.changedHolds).toEqual([settled(due, 'echoue')]);
  });
});

describe('the code of an operation', () => {
  test('is drawn again when another pending one of the customer has it', () => {
    const taken = [
      hold({ code_hmac: sealCode('000001') }),
      deposit({ id: 'h2', code_hmac: sealCode('000002') }),
    ];
    const plan = apply(stateWith(taken), [reserve()]);
    expect(outcomesOf(plan)).toMatchObject([{ code: '000003' }]);
    expect(plan.newHolds).toMatchObject([{ code_hmac: sealCode('000003') }]);
  });

  test('may be that of an operation that is no longer pending', () => {
    const past = hold({ status: 'annule', code_hmac: sealCode('000001') });
    expect(outcomesOf(apply(stateWith([past]), [reserve()]))).toMatchObject([{ code: '000001' }]);
  });

  test('is drawn eight times and no more', () => {
    let draws = 0;
    const stuck = (free: number) => ({
      newCode: () => {
        draws += 1;
        return draws >= free ? '000009' : '123456';
      },
    });
    expect(outcomesOf(apply(stateWith([hold()]), [reserve()], stuck(8)))).toMatchObject([{ code: '000009' }]);
    draws = 0;
    expect(() => apply(stateWith([hold()]), [reserve()], stuck(9))).toThrow('no code was free in 8 draws');
    expect(draws).toBe(8);
  });
});

describe('a deposit that a customer opens', () => {
  test('holds nothing, counts nothing, and needs no money nor ceiling yet', () => {
    const poor = account('ana', { balanceXof: 0, ...used({ dayOutXof: 20_000, monthInXof: 40_000 }) });
    const plan = apply(stateWith([], poor), [reserve({ type: 'depot' })]);
    expect(outcomesOf(plan)).toMatchObject([{ kind: 'reserved', hold: { type: 'depot', feeXof: 0 } }]);
    const { newHolds, ...written } = writesOf(plan);
    expect(newHolds).toMatchObject([{ held: 0, fee: 0, amount: 1_000 }]);
    expect(written).toEqual({ ...NOTHING, newHolds: undefined, messages: sms('reserved') });
  });
});
