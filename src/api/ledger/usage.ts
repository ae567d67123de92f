import type { UsageCounterRow } from '../db/schema.ts';
import type { AccountDraft, Draft } from './draft.ts';
import { isCounted } from './limits.ts';
import { periodsAt } from './periods.ts';

type Direction = UsageCounterRow['direction'];

/** None of the three holds a space. */
export function counterName(accountId: string, period: string, direction: Direction): string {
  return `${accountId} ${period} ${direction}`;
}

/** Counts an amount as sent, in the periods of the moment. */
export function countOut(account: AccountDraft, amountXof: number): void {
  const { usage } = account.now;
  const dayOutXof = usage.dayOutXof + amountXof;
  account.now = {
    ...account.now,
    usage: { ...usage, dayOutXof, monthOutXof: usage.monthOutXof + amountXof },
  };
}

export function countIn(account: AccountDraft, amountXof: number): void {
  const { usage } = account.now;
  account.now = { ...account.now, usage: { ...usage, monthInXof: usage.monthInXof + amountXof } };
}

/** Counted in the periods of `countedAtMs`, and to be no more, as it came to nothing. */
export interface Uncounted {
  readonly account: AccountDraft;
  readonly amountXof: number;
  readonly countedAtMs: number;
}

export function uncountOut(
  { account, amountXof, countedAtMs }: Uncounted,
  draft: Draft,
  nowMs: number,
): void {
  const [counted, present] = [periodsAt(countedAtMs), periodsAt(nowMs)];
  const { usage } = account.now;
  const [dayXof, monthXof] = [
    counted.day === present.day ? amountXof : 0,
    counted.month === present.month ? amountXof : 0,
  ];
  account.now = {
    ...account.now,
    usage: {
      ...usage,
      dayOutXof: Math.max(0, usage.dayOutXof - dayXof),
      monthOutXof: Math.max(0, usage.monthOutXof - monthXof),
    },
  };
  for (const period of [counted.day, counted.month])
    lower(draft, { account, period, direction: 'out', amountXof });
}

export function uncountIn({ account, amountXof, countedAtMs }: Uncounted, draft: Draft, nowMs: number): void {
  const { month } = periodsAt(countedAtMs);
  const { usage } = account.now;
  const monthXof = month === periodsAt(nowMs).month ? amountXof : 0;
  account.now = {
    ...account.now,
    usage: { ...usage, monthInXof: Math.max(0, usage.monthInXof - monthXof) },
  };
  lower(draft, { account, period: month, direction: 'in', amountXof });
}

/** A past period's counter, when it was read; those of the present are in the account. Rules may have changed since. */
function lower(
  draft: Draft,
  {
    account,
    period,
    direction,
    amountXof,
  }: {
    readonly account: AccountDraft;
    readonly period: string;
    readonly direction: Direction;
    readonly amountXof: number;
  },
): void {
  const counter = draft.pastUsage.get(counterName(account.now.id, period, direction));
  if (counter === undefined) return;
  counter.now = { ...counter.now, amount: Math.max(0, counter.now.amount - amountXof) };
}

/** The counters of the present that changed, for the accounts that have ceilings. */
export function usageRows({ before, now }: AccountDraft, nowMs: number): UsageCounterRow[] {
  const { day, month } = periodsAt(nowMs);
  const [was, is] = [before.usage, now.usage];
  const counters = [
    { period: day, direction: 'out' as const, amount: is.dayOutXof, was: was.dayOutXof },
    { period: month, direction: 'out' as const, amount: is.monthOutXof, was: was.monthOutXof },
    { period: month, direction: 'in' as const, amount: is.monthInXof, was: was.monthInXof },
  ];
  return counters
    .filter(({ direction, amount, was: wasXof }) => amount !== wasXof && isCounted(now, direction))
    .map(({ period, direction, amount }) => ({ account_id: now.id, period, direction, amount }));
}
