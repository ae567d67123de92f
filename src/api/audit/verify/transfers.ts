import type { Database } from '../../db/open.ts';
import { type ChainRange, chainPages } from '../../ledger/chain-page.ts';
import { GENESIS_HASH } from '../../ledger/house.ts';
import { type ChainFault, judgePage } from '../../ledger/judge-chain.ts';
import { type Finding, type FindingKind, MOST_FINDINGS } from './finding.ts';

export interface ChainLook {
  readonly findings: readonly Finding[];
  readonly transfers: number;
  readonly entries: number;
  /** Transfers whose description the chain does not cover, as an older release wrote them. */
  readonly descriptionsUncovered: number;
}

const KINDS: Readonly<Record<ChainFault['kind'], FindingKind>> = {
  missing: 'transferMissing',
  changed: 'transferChanged',
  description: 'descriptionChanged',
  entries: 'entriesAstray',
  unbalanced: 'transferUnbalanced',
};

/**
 * Every transfer with its entries from the first to the head, as the head was when this began. Goes on after a fault from
 * what stands there, so that each row that was touched is named; ends early past MOST_FINDINGS.
 */
export async function lookAtTransfers(
  db: Database,
  onProgress: (transfers: number, of: number) => void,
): Promise<ChainLook> {
  const head = await db.kysely.selectFrom('ledger_head').selectAll().where('id', '=', 1).executeTakeFirst();
  if (head === undefined) {
    const findings: readonly Finding[] = [{ kind: 'headChanged', table: 'ledger_head', row: 'id=1' }];
    return { findings, transfers: 0, entries: 0, descriptionsUncovered: 0 };
  }
  const range: ChainRange = { fromSeq: 1, toSeq: head.chain_seq };
  const findings: Finding[] = [];
  let previous: readonly string[] = [GENESIS_HASH];
  let [transfers, entries, descriptionsUncovered] = [0, 0, 0];
  for await (const page of chainPages(db, range)) {
    const judged = judgePage(page, previous);
    findings.push(...judged.faults.map(findingOf));
    previous = judged.previous;
    transfers += page.transfers.size;
    entries += judged.entries;
    descriptionsUncovered += judged.uncovered;
    onProgress(page.toSeq, head.chain_seq);
    if (findings.length >= MOST_FINDINGS) break;
  }
  if (findings.length < MOST_FINDINGS && !previous.includes(head.chain_hash)) {
    findings.push({ kind: 'headChanged', table: 'ledger_head', row: `id=1 chain_seq=${head.chain_seq}` });
  }
  return { findings, transfers, entries, descriptionsUncovered };
}

function findingOf({ kind, fromSeq, toSeq, transferId }: ChainFault): Finding {
  const place = fromSeq === toSeq ? `chain_seq=${fromSeq}` : `chain_seq=${fromSeq}..${toSeq}`;
  return {
    kind: KINDS[kind],
    table: 'transfers',
    row: transferId === '' ? place : `${place} id=${transferId}`,
  };
}
