import { hash } from 'node:crypto';
import type { AuditEventRow } from '../db/schema.ts';

/** SHA-256 hex over the hash before and every column of this event. */
export function auditHash(previousHash: string, row: Omit<AuditEventRow, 'chain_hash'>): string {
  const { seq, at_ms, action, actor_id, staff, subject_id, detail } = row;
  const record = [previousHash, seq, at_ms, action, actor_id, staff, subject_id, detail];
  return hash('sha256', JSON.stringify(record));
}
