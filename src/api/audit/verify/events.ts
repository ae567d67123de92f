import type { Database } from '../../db/open.ts';
import { GENESIS_HASH } from '../../ledger/house.ts';
import { auditHash } from '../chain.ts';
import { type Finding, MOST_FINDINGS } from './finding.ts';

const PAGE_EVENTS = 5_000;

export interface EventsLook {
  readonly findings: readonly Finding[];
  readonly events: number;
}

/** Every event of the audit trail from the first to the head, as the head was when this began. */
export async function lookAtEvents({ kysely }: Database): Promise<EventsLook> {
  const head = await kysely.selectFrom('audit_head').selectAll().where('id', '=', 1).executeTakeFirst();
  if (head === undefined) {
    return { findings: [{ kind: 'headChanged', table: 'audit_head', row: 'id=1' }], events: 0 };
  }
  const findings: Finding[] = [];
  let previous: readonly string[] = [GENESIS_HASH];
  let events = 0;
  for (let fromSeq = 1; fromSeq <= head.seq && findings.length < MOST_FINDINGS; fromSeq += PAGE_EVENTS) {
    const toSeq = Math.min(fromSeq + PAGE_EVENTS - 1, head.seq);
    const rows = await kysely
      .selectFrom('audit_events')
      .selectAll()
      .where('seq', '>=', fromSeq)
      .where('seq', '<=', toSeq)
      .execute();
    const bySeq = new Map(rows.map((row) => [row.seq, row]));
    events += rows.length;
    for (let seq = fromSeq; seq <= toSeq && findings.length < MOST_FINDINGS; seq += 1) {
      const row = bySeq.get(seq);
      if (row === undefined) {
        findings.push({ kind: 'eventMissing', table: 'audit_events', row: `seq=${seq}` });
        previous = [];
        continue;
      }
      const expected = previous.map((before) => auditHash(before, row));
      const right = expected.length === 0 || expected.includes(row.chain_hash);
      if (!right) findings.push({ kind: 'eventChanged', table: 'audit_events', row: `seq=${seq}` });
      previous = right ? [row.chain_hash] : [row.chain_hash, ...expected.slice(0, 1)];
    }
  }
  if (findings.length === 0 && !previous.includes(head.chain_hash)) {
    findings.push({ kind: 'headChanged', table: 'audit_head', row: `id=1 seq=${head.seq}` });
  }
  return { findings, events };
}
