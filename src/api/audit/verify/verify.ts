import type { Database } from '../../db/open.ts';
import type { AnchorFile } from '../anchor/read.ts';
import { lookAtAnchors } from './anchors.ts';
import { lookAtEvents } from './events.ts';
import type { Finding } from './finding.ts';
import { lookAtRows, lookAtStrays } from './rows.ts';
import { lookAtTransfers } from './transfers.ts';

export interface Verification {
  /** Empty when all is right. */
  readonly findings: readonly Finding[];
  readonly transfers: number;
  readonly entries: number;
  readonly events: number;
  /** Lines of anchor files that were compared with the chains. */
  readonly anchors: number;
  /** The newest moment that an anchor vouches for, epoch milliseconds; null without anchors. */
  readonly anchoredUntilMs: number | null;
  readonly descriptionsUncovered: number;
}

/** @param done of `of`, both in the unit of what is looked at. */
export type Progress = (what: string, done: number, of: number) => void;

/**
 * Proves the whole ledger, or names the rows that are not as they were written. Reads only, bounded in memory (pages of
 * 10,000 transfers; one account each 100 findings), while the ledger is in use: the chains are looked at up to their heads
 * of the beginning, and each sum is one statement, so each sees one moment.
 * @param anchors files that were written outside the database (docs/audit.md).
 */
export async function verifyLedger(
  db: Database,
  anchors: readonly AnchorFile[],
  onProgress: Progress,
): Promise<Verification> {
  // Beside each other: here it is hashing, in the database sums.
  const [{ chain, strays, trail }, rows] = await Promise.all([
    lookAtChains(db, onProgress),
    lookAtRows(db, (table) => onProgress(table, 0, 0)),
  ]);
  const anchored = await lookAtAnchors(db, anchors);
  return {
    findings: [...chain.findings, ...trail.findings, ...strays, ...rows, ...anchored.findings],
    transfers: chain.transfers,
    entries: chain.entries,
    events: trail.events,
    anchors: anchored.lines,
    anchoredUntilMs: anchored.untilMs,
    descriptionsUncovered: chain.descriptionsUncovered,
  };
}

async function lookAtChains(db: Database, onProgress: Progress) {
  const chain = await lookAtTransfers(db, (done, of) => onProgress('transfers', done, of));
  const strays = await lookAtStrays(db, chain.findings.length === 0);
  return { chain, strays, trail: await lookAtEvents(db) };
}
