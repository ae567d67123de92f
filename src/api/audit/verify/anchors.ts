import type { Database } from '../../db/open.ts';
import { GENESIS_HASH } from '../../ledger/house.ts';
import type { AnchorLine } from '../anchor/line.ts';
import { type AnchorFile, readAnchors } from '../anchor/read.ts';
import { type Finding, MOST_FINDINGS } from './finding.ts';

export interface AnchorsLook {
  readonly findings: readonly Finding[];
  readonly lines: number;
  readonly untilMs: number | null;
}

const TOGETHER = 1_000;

/** Whether the chains still have, at each place that an anchor saw, what it saw. */
export async function lookAtAnchors(db: Database, files: readonly AnchorFile[]): Promise<AnchorsLook> {
  const findings: Finding[] = [];
  let lines = 0;
  let untilMs: number | null = null;
  for (const file of files) {
    let waiting: AnchorLine[] = [];
    for await (const read of readAnchors(file)) {
      if (findings.length >= MOST_FINDINGS) break;
      if (read.kind === 'broken') {
        findings.push({ kind: 'anchorBroken', table: 'anchor', row: read.row });
        break;
      }
      lines += 1;
      untilMs = Math.max(untilMs ?? 0, read.line.atMs);
      waiting.push(read.line);
      if (waiting.length < TOGETHER) continue;
      findings.push(...(await compare(db, waiting)));
      waiting = [];
    }
    findings.push(...(await compare(db, waiting)));
  }
  return { findings, lines, untilMs };
}

interface Place {
  readonly seq: number;
  readonly hash: string;
}

async function compare(db: Database, lines: readonly AnchorLine[]): Promise<readonly Finding[]> {
  const ledger = lines.map((line) => line.ledger);
  const audit = lines.map((line) => line.audit);
  const known = {
    transfers: await transferHashes(db, ledger),
    audit_events: await eventHashes(db, audit),
  };
  return [
    ...ledger.flatMap((place) => differs('transfers', place, known.transfers)),
    ...audit.flatMap((place) => differs('audit_events', place, known.audit_events)),
  ].slice(0, MOST_FINDINGS);
}

function differs(
  table: 'transfers' | 'audit_events',
  { seq, hash }: Place,
  known: ReadonlyMap<number, string>,
): readonly Finding[] {
  const found = seq === 0 ? GENESIS_HASH : known.get(seq);
  if (found === hash) return [];
  const row = table === 'transfers' ? `chain_seq=${seq}` : `seq=${seq}`;
  return [{ kind: found === undefined ? 'anchorAhead' : 'anchorDiffers', table, row }];
}

async function transferHashes({ kysely }: Database, places: readonly Place[]) {
  const rows = await kysely
    .selectFrom('transfers')
    .select(['chain_seq', 'chain_hash'])
    .where('chain_seq', 'in', seqsOf(places))
    .execute();
  return new Map(rows.map(({ chain_seq, chain_hash }) => [chain_seq, chain_hash]));
}

async function eventHashes({ kysely }: Database, places: readonly Place[]) {
  const rows = await kysely
    .selectFrom('audit_events')
    .select(['seq', 'chain_hash'])
    .where('seq', 'in', seqsOf(places))
    .execute();
  return new Map(rows.map(({ seq, chain_hash }) => [seq, chain_hash]));
}

/** With one that no row has, so that SQL accepts the list. */
function seqsOf(places: readonly Place[]): readonly number[] {
  return [-1, ...new Set(places.map(({ seq }) => seq))];
}
