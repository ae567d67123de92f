import type { AccountKind, KycLevel, LimitRuleRow } from '../db/schema.ts';
import type { RefusalOf } from './types.ts';

type CeilingRefusal = RefusalOf<'balanceCeiling' | 'periodCeiling'>;

/** What an account moved in the periods of the moment, XOF. */
export interface Usage {
  readonly dayOutXof: number;
  readonly monthOutXof: number;
  readonly monthInXof: number;
}

export interface AccountState {
  readonly id: string;
  readonly kind: AccountKind;
  readonly balanceXof: number;
  readonly heldXof: number;
  /** Null for the house's accounts. */
  readonly kycLevel: KycLevel | null;
  readonly usage: Usage;
}

export type LimitRules = ReadonlyMap<KycLevel, LimitRuleRow>;

/** Distributors and acceptors are exempt from the ceilings on balance and reloads (BCEAO, Instruction 008-05-2015). */
const COUNTED: Readonly<Record<AccountKind, { readonly out: boolean; readonly in: boolean }>> = {
  customer: { out: true, in: true },
  merchant: { out: true, in: false },
  distributor: { out: false, in: false },
  fees: { out: false, in: false },
  issuance: { out: false, in: false },
  suspense: { out: false, in: false },
};

export function isCounted(account: AccountState, direction: 'in' | 'out'): boolean {
  return COUNTED[account.kind][direction];
}

interface Ceiling {
  readonly ceilingXof: number | null;
  readonly reachedXof: number;
  readonly refusal: (ceilingXof: number) => CeilingRefusal;
}

/** The first ceiling that the amount would pass, or undefined. A fee counts towards none. */
export function refusalByLimits(
  movement: { readonly debit: AccountState; readonly credit: AccountState; readonly amountXof: number },
  rules: LimitRules,
): CeilingRefusal | undefined {
  const { debit, credit, amountXof } = movement;
  return refusalByIncoming(credit, amountXof, rules) ?? refusalByOutgoing(debit, amountXof, rules);
}

export function refusalByIncoming(
  account: AccountState,
  amountXof: number,
  rules: LimitRules,
): CeilingRefusal | undefined {
  if (!isCounted(account, 'in')) return undefined;
  return firstPassed(incomingCeilings(account, amountXof, ruleOf(account, rules)));
}

export function refusalByOutgoing(
  account: AccountState,
  amountXof: number,
  rules: LimitRules,
): CeilingRefusal | undefined {
  if (!isCounted(account, 'out')) return undefined;
  return firstPassed(outgoingCeilings(account, amountXof, ruleOf(account, rules)));
}

function firstPassed(ceilings: readonly Ceiling[]): CeilingRefusal | undefined {
  for (const { ceilingXof, reachedXof, refusal } of ceilings) {
    if (ceilingXof !== null && reachedXof > ceilingXof) return refusal(ceilingXof);
  }
  return undefined;
}

function incomingCeilings(account: AccountState, amountXof: number, rule: LimitRuleRow): readonly Ceiling[] {
  return [
    {
      ceilingXof: rule.max_balance,
      reachedXof: account.balanceXof + amountXof,
      refusal: (ceilingXof) => ({ reason: 'balanceCeiling', ceilingXof }),
    },
    {
      ceilingXof: rule.monthly_in,
      reachedXof: account.usage.monthInXof + amountXof,
      refusal: (ceilingXof) => ({ reason: 'periodCeiling', period: 'month', direction: 'in', ceilingXof }),
    },
  ];
}

function outgoingCeilings(account: AccountState, amountXof: number, rule: LimitRuleRow): readonly Ceiling[] {
  return [
    {
      ceilingXof: rule.daily_out,
      reachedXof: account.usage.dayOutXof + amountXof,
      refusal: (ceilingXof) => ({ reason: 'periodCeiling', period: 'day', direction: 'out', ceilingXof }),
    },
    {
      ceilingXof: rule.monthly_out,
      reachedXof: account.usage.monthOutXof + amountXof,
      refusal: (ceilingXof) => ({ reason: 'periodCeiling', period: 'month', direction: 'out', ceilingXof }),
    },
  ];
}

/** Without its rule an account moves nothing: a missing row must not mean "no limit". */
function ruleOf({ id, kycLevel }: AccountState, rules: LimitRules): LimitRuleRow {
  const rule = kycLevel === null ? undefined : rules.get(kycLevel);
  if (rule === undefined) throw new Error(`account ${id} has no limit rule: its level is ${kycLevel}`);
  return rule;
}
