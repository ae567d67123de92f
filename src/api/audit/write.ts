import type { Kysely } from 'kysely';
import type { Dialect } from '../db/dialect.ts';
import type { AuditEventRow, Schema } from '../db/schema.ts';
import { auditHash } from './chain.ts';
import type { AuditEvent } from './event.ts';

/**
 * Appends the events to the trail in the caller's transaction, the one that does what they tell of. The trail's head is
 * locked until its commit, so this comes last: nothing is locked after it, and no two transactions wait for each other.
 */
export async function writeAudit(
  trx: Kysely<Schema>,
  dialect: Dialect,
  events: readonly AuditEvent[],
  nowMs: number,
): Promise<void> {
  if (events.length === 0) return;
  const head = await trx
    .selectFrom('audit_head')
    .select(['seq', 'chain_hash'])
    .where('id', '=', 1)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const { rows, lastHash } = chained(events, head, nowMs);
  await dialect.insertRows(trx, 'audit_events', rows);
  await trx
    .updateTable('audit_head')
    .set({ seq: head.seq + rows.length, chain_hash: lastHash })
    .where('id', '=', 1)
    .execute();
}

function chained(
  events: readonly AuditEvent[],
  head: Pick<AuditEventRow, 'seq' | 'chain_hash'>,
  nowMs: number,
): { readonly rows: readonly AuditEventRow[]; readonly lastHash: string } {
  let previousHash = head.chain_hash;
  const rows = events.map((event, index) => {
    const row = {
      seq: head.seq + 1 + index,
      at_ms: nowMs,
      action: event.action,
      actor_id: event.actorId ?? null,
      staff: event.staff ?? null,
      subject_id: event.subjectId ?? null,
      detail: JSON.stringify(event.detail ?? {}),
    };
    previousHash = auditHash(previousHash, row);
    return { ...row, chain_hash: previousHash };
  });
  return { rows, lastHash: previousHash };
}
