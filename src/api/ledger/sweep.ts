import type { Kysely } from 'kysely';
import type { Schema } from '../db/schema.ts';
import type { Ledger } from './types.ts';

/** One batch of the ledger: what is left waits for the next turn. */
const MOST_EXPIRED = 256;

/**
 * Expires the operations whose time is over, at most 256; gives how many it ended itself. Movements of their accounts do
 * so too, and any number of processes may at once: the ledger lets one of them win.
 */
export async function expireHolds(ledger: Ledger, kysely: Kysely<Schema>, nowMs: number): Promise<number> {
  const overdue = await kysely
    .selectFrom('holds')
    .select(['id', 'account_id'])
    .where('status', '=', 'en_attente')
    .where('expires_at_ms', '<=', nowMs)
    .orderBy('expires_at_ms')
    .limit(MOST_EXPIRED)
    .execute();
  const results = await Promise.all(
    overdue.map(({ id: holdId, account_id: accountId }) =>
      ledger.post({
        operation: 'expire',
        holdId,
        accountId,
        idempotency: null,
        messages: () => [],
        answer: ({ kind }) => ({ statusCode: 200, body: kind }),
      }),
    ),
  );
  return results.filter((result) => result.kind === 'done' && result.outcome.kind === 'expired').length;
}
