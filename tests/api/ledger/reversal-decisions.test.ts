import { expect, test } from 'vitest';
import type { ReversalRow, TransferRow } from '../../../src/api/db/schema.ts';
import type { AccountState } from '../../../src/api/ledger/limits.ts';
import type { BatchState } from '../../../src/api/ledger/plan.ts';
import {
  account,
  apply,
  FEES,
  hold,
  NOTHING,
  NOW_MS,
  outcomesOf,
  reverse,
  stateOf,
  used,
  writesOf,
} from './batches.ts';

/** Ana sent Bob 1,000 XOF this morning; it cost her 8 XOF. */
const ORIGINAL: TransferRow = {
  id: 't1',
  reference: 'TXN-t1',
  type: 'transfert',
  status: 'reussi',
  debit_account_id: 'ana',
  credit_account_id: 'bob',
  amount: 1_000,
  fee: 8,
  description: 'loyer',
  initiator_id: 'ana-user',
  created_at_ms: NOW_MS - 3_600_000,
  chain_seq: 1,
  chain_hash: 'hash',
};
const ANA = account('ana', used({ dayOutXof: 1_500, monthOutXof: 1_500 }));
const BOB = account('bob', used({ monthInXof: 1_200 }));
const REVERSAL: ReversalRow = {
  transfer_id: 'id1',
  reverses_id: 't1',
  reason: 'wrong payee',
  reversed_by: 'staff',
  created_at_ms: NOW_MS,
};

function state(bob: Partial<AccountState> = {}, change: Partial<BatchState> = {}): BatchState {
  return stateOf([ANA, { ...BOB, ...bob }], change);
}

const refused = (refusal: object) => [{ kind: 'refused', refusal }];

test('a transfer that is undone gives amount and fee back, and what it counted', () => {
  const plan = apply(state(), [reverse(ORIGINAL)]);
  expect(outcomesOf(plan)).toEqual([
    {
      kind: 'posted',
      transfer: {
        id: 'id1',
        reference: 'TXN1',
        type: 'transfert',
        amountXof: 1_000,
        feeXof: 0,
        description: 'annulation',
        debitAccountId: 'bob',
        creditAccountId: 'ana',
        debitAvailableXof: 9_000,
        creditAvailableXof: 11_008,
        createdAtMs: NOW_MS,
      },
    },
  ]);
  const { transfers, entries, head: _head, ...written } = writesOf(plan);
  expect(transfers).toMatchObject([{ amount: 1_000, fee: 0, initiator_id: null, description: 'annulation' }]);
  expect(entries.map(({ account_id, amount, balance_after }) => [account_id, amount, balance_after])).toEqual(
    [
      ['bob', -1_000, 9_000],
      ['ana', 1_008, 11_008],
      [FEES.id, -8, 492],
    ],
  );
  const { transfers: _t, entries: _e, head: _h, ...nothing } = NOTHING;
  expect(written).toEqual({
    ...nothing,
    // Its description says what it undoes.
    seals: [{ chain_seq: 1, salt: 'salt1', digest: expect.any(String) }],
    messages: [{ channel: 'sms', recipient: '+221770000001', body: 'posted' }],
    reversals: [REVERSAL],
    balances: new Map([
      [FEES.id, 492],
      ['ana', 11_008],
      ['bob', 9_000],
    ]),
    usage: [
      { account_id: 'ana', period: 'd:2026-11-22', direction: 'out', amount: 500 },
      { account_id: 'ana', period: 'm:2026-11', direction: 'out', amount: 500 },
      { account_id: 'bob', period: 'm:2026-11', direction: 'in', amount: 200 },
    ],
  });
});

test('no ceiling keeps money from going back', () => {
  const full = stateOf([
    account('ana', { balanceXof: 50_000, ...used({ monthInXof: 40_000 }) }),
    account('bob', used({ dayOutXof: 20_000, monthOutXof: 30_000 })),
  ]);
  expect(outcomesOf(apply(full, [reverse(ORIGINAL)]))).toMatchObject([{ kind: 'posted' }]);
});

test('the money must still be there: the amount with the payee, the fee with the house', () => {
  expect(outcomesOf(apply(state({ balanceXof: 1_000 }), [reverse(ORIGINAL)]))).toMatchObject([
    { transfer: { debitAvailableXof: 0 } },
  ]);
  const short = apply(state({ balanceXof: 1_500, heldXof: 501 }), [reverse(ORIGINAL)]);
  expect(outcomesOf(short)).toEqual(
    refused({ reason: 'insufficientFunds', availableXof: 999, neededXof: 1_000 }),
  );
  expect(writesOf(short)).toEqual({
    ...NOTHING,
    messages: [{ channel: 'sms', recipient: '+221770000001', body: 'refused' }],
  });
  const spent = stateOf([ANA, BOB, { ...FEES, balanceXof: 7 }]);
  expect(outcomesOf(apply(spent, [reverse(ORIGINAL)]))).toEqual(
    refused({ reason: 'insufficientFunds', availableXof: 7, neededXof: 8 }),
  );
  const enough = stateOf([ANA, BOB, { ...FEES, balanceXof: 8 }]);
  expect(outcomesOf(apply(enough, [reverse(ORIGINAL)]))).toMatchObject([{ kind: 'posted' }]);
});

test('a transfer is undone once, also within one batch', () => {
  const again = refused({ reason: 'alreadyReversed', transferId: 'id1' });
  expect(outcomesOf(apply(state(), [reverse(ORIGINAL), reverse(ORIGINAL)])).slice(1)).toEqual(again);
  const known = apply(state({}, { reversals: [REVERSAL] }), [reverse(ORIGINAL)]);
  expect(outcomesOf(known)).toEqual(again);
  expect(known.transfers).toEqual([]);
});

test('an undoing is not undone, and that of another transfer is in no way', () => {
  const undoing = { ...ORIGINAL, id: 'id1' };
  expect(outcomesOf(apply(state({}, { reversals: [REVERSAL] }), [reverse(undoing)]))).toEqual(
    refused({ reason: 'isReversal' }),
  );
  const unrelated = { ...REVERSAL, transfer_id: 't8', reverses_id: 't7' };
  expect(outcomesOf(apply(state({}, { reversals: [unrelated] }), [reverse(ORIGINAL)]))).toMatchObject([
    { kind: 'posted' },
  ]);
});

test('an account that is gone is told', () => {
  expect(outcomesOf(apply(stateOf([ANA]), [reverse(ORIGINAL)]))).toEqual(
    refused({ reason: 'accountNotFound', accountId: 'bob' }),
  );
});

test("what the payee's overdue operations hold is given back before it is judged", () => {
  const due = hold({ account_id: 'bob', expires_at_ms: NOW_MS });
  const tied = { balanceXof: 1_500, heldXof: 1_010 };
  const plan = apply(state(tied, { holds: [due] }), [reverse(ORIGINAL)]);
  expect(outcomesOf(plan)).toMatchObject([{ kind: 'posted' }]);
  expect(plan.lowered).toEqual(new Map([['bob', 0]]));
});

test("a customer's own withdrawal is given back to the day of its opening", () => {
  const openedAtMs = Date.UTC(2026, 10, 21, 23, 59);
  const posted = hold({
    status: 'reussi',
    transfer_id: 't1',
    resolved_at_ms: NOW_MS,
    created_at_ms: openedAtMs,
  });
  const counted = { account_id: 'ana', period: 'd:2026-11-21', direction: 'out' as const, amount: 1_700 };
  const { usage } = apply(state({}, { holds: [posted], pastUsage: [counted] }), [
    reverse({ ...ORIGINAL, type: 'retrait', created_at_ms: Date.UTC(2026, 10, 22) }),
  ]);
  expect(usage.filter(({ account_id }) => account_id === 'ana')).toEqual([
    { account_id: 'ana', period: 'm:2026-11', direction: 'out', amount: 500 },
    { ...counted, amount: 700 },
  ]);
});

test('what it counted is given back in the periods of the transfer, never below zero', () => {
  const lastMonth = { ...ORIGINAL, created_at_ms: Date.UTC(2026, 9, 31) };
  const counted = [
    { account_id: 'ana', period: 'd:2026-10-31', direction: 'out' as const, amount: 1_000 },
    { account_id: 'ana', period: 'm:2026-10', direction: 'out' as const, amount: 1_700 },
    { account_id: 'bob', period: 'm:2026-10', direction: 'in' as const, amount: 900 },
  ];
  expect(apply(state({}, { pastUsage: counted }), [reverse(lastMonth)]).usage).toEqual([
    { ...counted[0], amount: 0 },
    { ...counted[1], amount: 700 },
    { ...counted[2], amount: 0 },
  ]);
  expect(apply(state(used({ monthInXof: 400 })), [reverse(ORIGINAL)]).usage).toContainEqual({
    account_id: 'bob',
    period: 'm:2026-11',
    direction: 'in',
    amount: 0,
  });
});
