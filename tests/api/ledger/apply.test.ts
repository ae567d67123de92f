import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyBatch } from '../../../src/api/ledger/apply.ts';
import { feeOf } from '../../../src/api/ledger/fees.ts';
import { GENESIS_HASH, HOUSE } from '../../../src/api/ledger/house.ts';
import type { AccountState } from '../../../src/api/ledger/limits.ts';
import { type BatchContext, type BatchState, keyName } from '../../../src/api/ledger/plan.ts';
import type { PostRequest } from '../../../src/api/ledger/types.ts';
import { LIMIT_RULES } from '../../../src/api/migrations/0001-rules.ts';
import { request } from '../../fixtures/people.ts';

const usage = { dayOutXof: 0, monthOutXof: 0, monthInXof: 0 };
const customers: AccountState[] = ['a', 'b', 'c', 'd'].map((id) => ({
  id,
  kind: 'customer',
  balanceXof: 5_000,
  heldXof: id === 'd' ? 1_000 : 0,
  kycLevel: id === 'c' ? 'unidentified' : 'identified',
  usage,
}));
const house: AccountState[] = [HOUSE.fees, HOUSE.issuance].map(({ id, kind }) => ({
  id,
  kind,
  balanceXof: 0,
  heldXof: 0,
  kycLevel: null,
  usage,
}));

function stateOf(accounts: readonly AccountState[]): BatchState {
  return {
    head: { chainSeq: 0, chainHash: GENESIS_HASH },
    accounts: new Map(accounts.map((account) => [account.id, account])),
    keys: new Map(),
    claims: new Set(),
    holds: [],
    pastUsage: [],
    reversals: [],
  };
}

/** Ids that are the same in every run, so that plans can be compared. */
function context(): BatchContext {
  let made = 0;
  const next = (prefix: string) => () => {
    made += 1;
    return `${prefix}${made}`;
  };
  return {
    nowMs: Date.UTC(2026, 10, 22),
    rules: {
      limits: new Map(LIMIT_RULES.map((rule) => [rule.kyc_level, rule])),
      ratePpm: (type) => (type === 'transfert' ? 8_000 : 0),
    },
    newId: next('t'),
    newHoldReference: () => 'none is opened',
    newReference: next('r'),
    newCode: next('c'),
    newSalt: next('s'),
  };
}

const ids = [...customers, ...house].map(({ id }) => id).concat('nobody');
const requests: fc.Arbitrary<PostRequest[]> = fc.array(
  fc
    .record({
      type: fc.constantFrom('transfert', 'paiement', 'approvisionnement'),
      debitAccountId: fc.constantFrom(...ids),
      creditAccountId: fc.constantFrom(...ids),
      amountXof: fc.integer({ min: 1, max: 6_000 }),
    })
    .map(request),
  { maxLength: 40 },
);
const start = stateOf([...customers, ...house]);

it('keeps every franc: the balances together never change', () => {
  fc.assert(
    fc.property(requests, (asked) => {
      const { balances, entries } = applyBatch(asked, start, context());
      const after = [...start.accounts.values()].map(({ id, balanceXof }) => balances.get(id) ?? balanceXof);
      expect(after.reduce((sum, balance) => sum + balance, 0)).toBe(20_000);
      expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
    }),
  );
});

it('gives each transfer two or three entries that sum to zero, and each account its balance after', () => {
  fc.assert(
    fc.property(requests, (asked) => {
      const { transfers, entries, balances } = applyBatch(asked, start, context());
      for (const { id, fee } of transfers) {
        const lines = entries.filter(({ transfer_id }) => transfer_id === id);
        expect(lines.map(({ line }) => line)).toEqual(fee > 0 ? [0, 1, 2] : [0, 1]);
        expect(lines.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
      }
      for (const [id, balance] of balances) {
        expect(entries.findLast(({ account_id }) => account_id === id)?.balance_after).toBe(balance);
      }
    }),
  );
});

it('lets nobody but issuance go below what is held', () => {
  fc.assert(
    fc.property(requests, (asked) => {
      const { balances } = applyBatch(asked, start, context());
      for (const [id, balance] of balances) {
        const held = start.accounts.get(id)?.heldXof ?? 0;
        if (id !== HOUSE.issuance.id) expect(balance).toBeGreaterThanOrEqual(held);
      }
    }),
  );
});

it('decides together as it would decide one after the other', () => {
  fc.assert(
    fc.property(requests, (asked) => {
      const together = applyBatch(asked, start, context());
      const steps = context();
      let state = start;
      const apart = asked.map((one) => {
        const plan = applyBatch([one], state, steps);
        state = after(state, plan);
        return plan;
      });
      expect(apart.flatMap(({ decided }) => decided)).toEqual(together.decided);
      expect(apart.flatMap(({ transfers }) => transfers)).toEqual(together.transfers);
      expect(state.head).toEqual(together.head);
    }),
  );
});

it('chains the transfers without a gap', () => {
  fc.assert(
    fc.property(requests, (asked) => {
      const { transfers, head } = applyBatch(asked, start, context());
      expect(transfers.map(({ chain_seq }) => chain_seq)).toEqual(
        transfers.map((_transfer, index) => index + 1),
      );
      expect(head.chainSeq).toBe(transfers.length);
      expect(head.chainHash).toBe(transfers.at(-1)?.chain_hash ?? GENESIS_HASH);
    }),
  );
});

it('takes the fee from the payer, on top', () => {
  const { decided } = applyBatch(
    [request({ type: 'transfert', debitAccountId: 'a', creditAccountId: 'b', amountXof: 4_960 })],
    start,
    context(),
  );
  expect(feeOf(4_960, 8_000)).toBe(40);
  expect(decided[0]?.result).toMatchObject({
    outcome: { transfer: { feeXof: 40, debitAvailableXof: 0, creditAvailableXof: 9_960 } },
  });
});

it('counts usage only where it is limited', () => {
  const asked = [
    request({
      type: 'approvisionnement',
      debitAccountId: HOUSE.issuance.id,
      creditAccountId: 'a',
      amountXof: 100,
    }),
    request({ debitAccountId: 'a', creditAccountId: 'b', amountXof: 30 }),
  ];
  expect(applyBatch(asked, start, context()).usage).toEqual([
    { account_id: 'a', period: 'd:2026-11-22', direction: 'out', amount: 30 },
    { account_id: 'a', period: 'm:2026-11', direction: 'out', amount: 30 },
    { account_id: 'a', period: 'm:2026-11', direction: 'in', amount: 100 },
    { account_id: 'b', period: 'm:2026-11', direction: 'in', amount: 30 },
  ]);
});

it('moves nothing when the account for fees is missing', () => {
  const { decided } = applyBatch(
    [request({ debitAccountId: 'a', creditAccountId: 'b' })],
    stateOf(customers),
    context(),
  );
  expect(decided[0]?.result).toMatchObject({
    outcome: { refusal: { reason: 'accountNotFound', accountId: HOUSE.fees.id } },
  });
});

it('stores the answer under its key, with the transfer or without', () => {
  const idempotency = { ownerId: 'u', key: 'k', fingerprint: 'f' };
  const { keys } = applyBatch(
    [
      request({ debitAccountId: 'a', creditAccountId: 'b', idempotency }),
      request({ debitAccountId: 'a', creditAccountId: 'a', idempotency: { ...idempotency, key: 'k2' } }),
    ],
    start,
    context(),
  );
  expect(
    keys.map(({ idempotency_key, status_code, transfer_id }) => [idempotency_key, status_code, transfer_id]),
  ).toEqual([
    ['k', 200, 't1'],
    ['k2', 400, null],
  ]);
});

it('names keys so that no two pairs of owner and key meet', () => {
  fc.assert(
    fc.property(fc.tuple(fc.string(), fc.string()), fc.tuple(fc.string(), fc.string()), (one, other) => {
      expect(keyName(...one) === keyName(...other)).toBe(one[0] === other[0] && one[1] === other[1]);
    }),
  );
});

function after(state: BatchState, plan: ReturnType<typeof applyBatch>): BatchState {
  const accounts = [...state.accounts.values()].map((account) => {
    const counted = (period: string, direction: string, was: number) =>
      plan.usage.find(
        (row) =>
          row.account_id === account.id && row.period.startsWith(period) && row.direction === direction,
      )?.amount ?? was;
    return {
      ...account,
      balanceXof: plan.balances.get(account.id) ?? account.balanceXof,
      usage: {
        dayOutXof: counted('d', 'out', account.usage.dayOutXof),
        monthOutXof: counted('m', 'out', account.usage.monthOutXof),
        monthInXof: counted('m', 'in', account.usage.monthInXof),
      },
    };
  });
  return { ...stateOf(accounts), head: plan.head };
}
