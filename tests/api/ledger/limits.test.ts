import { describe, expect, it } from 'vitest';
import type { AccountKind, LimitRuleRow } from '../../../src/api/db/schema.ts';
import { type AccountState, isCounted, refusalByLimits } from '../../../src/api/ledger/limits.ts';

const rule: LimitRuleRow = {
  kyc_level: 'identified',
  max_balance: 1_000,
  daily_out: 200,
  monthly_out: 500,
  monthly_in: 700,
  otp_requests_per_hour: 3,
  source: 'test',
};
const rules = new Map([['identified' as const, rule]]);

function account(change: Partial<AccountState>): AccountState {
  const usage = { dayOutXof: 0, monthOutXof: 0, monthInXof: 0 };
  return { id: 'a', kind: 'customer', balanceXof: 0, heldXof: 0, kycLevel: 'identified', usage, ...change };
}

function judge(debit: Partial<AccountState>, credit: Partial<AccountState>, amountXof: number) {
  return refusalByLimits({ debit: account(debit), credit: account(credit), amountXof }, rules);
}

const used = (change: Partial<AccountState['usage']>) => ({
  usage: { dayOutXof: 0, monthOutXof: 0, monthInXof: 0, ...change },
});

describe('a ceiling', () => {
  it.each([
    {
      what: 'balance',
      debit: {},
      credit: { balanceXof: 900 },
      refusal: { reason: 'balanceCeiling', ceilingXof: 1_000 },
    },
    {
      what: 'month in',
      debit: {},
      credit: used({ monthInXof: 600 }),
      refusal: { reason: 'periodCeiling', period: 'month', direction: 'in', ceilingXof: 700 },
    },
    {
      what: 'day out',
      debit: used({ dayOutXof: 100 }),
      credit: {},
      refusal: { reason: 'periodCeiling', period: 'day', direction: 'out', ceilingXof: 200 },
    },
    {
      what: 'month out',
      debit: used({ monthOutXof: 400 }),
      credit: {},
      refusal: { reason: 'periodCeiling', period: 'month', direction: 'out', ceilingXof: 500 },
    },
  ])('of $what may be reached, and not passed by a franc', ({ debit, credit, refusal }) => {
    expect(judge(debit, credit, 100)).toBeUndefined();
    expect(judge(debit, credit, 101)).toEqual(refusal);
  });

  it('that is null is none', () => {
    const free = { ...rule, max_balance: null, daily_out: null, monthly_out: null, monthly_in: null };
    const movement = { debit: account({}), credit: account({ balanceXof: 9e15 }), amountXof: 1_000_000 };
    expect(refusalByLimits(movement, new Map([['identified', free]]))).toBeUndefined();
  });

  it.each<AccountKind>(['distributor', 'fees', 'issuance', 'suspense'])('does not bind %s', (kind) => {
    const house = { kind, kycLevel: null };
    expect(judge(house, house, 1_000_000)).toBeUndefined();
    expect(isCounted(account(house), 'in') || isCounted(account(house), 'out')).toBe(false);
  });

  it('binds what a merchant sends, and not what it receives', () => {
    expect(judge({ kind: 'distributor' }, { kind: 'merchant' }, 1_000_000)).toBeUndefined();
    expect(judge({ kind: 'merchant' }, { kind: 'merchant' }, 201)).toMatchObject({
      period: 'day',
      direction: 'out',
    });
  });
});

it('moves nothing for an account without a rule, rather than without a limit', () => {
  expect(() => judge({ kycLevel: 'unidentified' }, {}, 1)).toThrow('no limit rule');
  expect(() => judge({ kycLevel: null }, {}, 1)).toThrow('no limit rule');
});
