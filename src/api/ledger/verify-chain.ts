import type { Kysely } from 'kysely';
import type { Database } from '../db/open.ts';
import type { Schema } from '../db/schema.ts';
import { chainPages } from './chain-page.ts';
import { GENESIS_HASH } from './house.ts';
import { judgePage } from './judge-chain.ts';

/** Where the ledger is not what was written. */
export interface ChainBreak {
  /** Place of the first transfer that is missing, changed or out of its place. */
  readonly chainSeq: number;
  readonly expectedHash: string;
  /** What stands there; empty when there is nothing. */
  readonly foundHash: string;
}

/**
 * Computes the hashes of the transfers from `fromSeq` to the head again, page by page, and ends at the first break;
 * undefined when all are right. What is posted meanwhile is not looked at.
 */
export async function verifyChain(db: Database, fromSeq = 1): Promise<ChainBreak | undefined> {
  const head = await db.kysely.selectFrom('ledger_head').selectAll().executeTakeFirstOrThrow();
  let previous: readonly string[] = [await hashBefore(db.kysely, fromSeq)];
  for await (const page of chainPages(db, { fromSeq, toSeq: head.chain_seq })) {
    const judged = judgePage(page, previous);
    const [first] = judged.faults;
    if (first !== undefined) {
      const { fromSeq: chainSeq, expectedHash, foundHash } = first;
      return { chainSeq, expectedHash, foundHash };
    }
    previous = judged.previous;
  }
  const [expectedHash = ''] = previous;
  if (expectedHash === head.chain_hash) return undefined;
  return { chainSeq: head.chain_seq, expectedHash, foundHash: head.chain_hash };
}

/** What the transfer at that place is chained to. */
export async function hashBefore(kysely: Kysely<Schema>, seq: number): Promise<string> {
  const before = await kysely
    .selectFrom('transfers')
    .select('chain_hash')
    .where('chain_seq', '=', seq - 1)
    .execute();
  return before[0]?.chain_hash ?? GENESIS_HASH;
}
