import type { Kysely } from 'kysely';
import type { Schema, UsageCounterRow } from '../db/schema.ts';
import type { Usage } from './limits.ts';
import { periodsAt } from './periods.ts';
import { counterName } from './usage.ts';

export interface UsageRead {
  /** Of the present periods. */
  readonly of: (accountId: string) => Usage;
  /** The counters of the other periods that were asked for. */
  readonly past: readonly UsageCounterRow[];
}

/** The counters of the accounts in the periods of now, and of the moments when that was counted which may be given back. */
export async function readUsage(
  trx: Kysely<Schema>,
  accountIds: readonly string[],
  { nowMs, alsoAtMs }: { readonly nowMs: number; readonly alsoAtMs: readonly number[] },
): Promise<UsageRead> {
  const present = periodsAt(nowMs);
  const periods = new Set([nowMs, ...alsoAtMs].map(periodsAt).flatMap(({ day, month }) => [day, month]));
  const rows = await trx
    .selectFrom('usage_counters')
    .selectAll()
    .where('account_id', 'in', accountIds)
    .where('period', 'in', [...periods])
    .execute();
  const moved = new Map(
    rows.map((row) => [counterName(row.account_id, row.period, row.direction), row.amount]),
  );
  return {
    of: (id) => ({
      dayOutXof: moved.get(counterName(id, present.day, 'out')) ?? 0,
      monthOutXof: moved.get(counterName(id, present.month, 'out')) ?? 0,
      monthInXof: moved.get(counterName(id, present.month, 'in')) ?? 0,
    }),
    past: rows.filter(({ period }) => period !== present.day && period !== present.month),
  };
}
