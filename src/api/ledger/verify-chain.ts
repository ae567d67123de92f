import type { Kysely } from 'kysely';
import type { Database } from '../db/open.ts';
import type { EntryRow, Schema, TransferRow } from '../db/schema.ts';
import { chainHash } from './chain.ts';
import { GENESIS_HASH } from './house.ts';

/** Where the ledger is not what was written. */
export interface ChainBreak {
  /** Place of the first transfer that is missing, changed or out of its place. */
  readonly chainSeq: number;
  readonly expectedHash: string;
  /** What stands there; empty when there is nothing. */
  readonly foundHash: string;
}

const PAGE_TRANSFERS = 1_000;

/**
 * Computes the hashes of the transfers from `fromSeq` to the head again, page by page; undefined when all are right.
 * What is posted meanwhile is not looked at. About 20,000 transfers a second on MariaDB.
 */
export async function verifyChain(db: Database, fromSeq = 1): Promise<ChainBreak | undefined> {
  const head = await db.kysely.selectFrom('ledger_head').selectAll().executeTakeFirstOrThrow();
  let hash = await hashBefore(db.kysely, fromSeq);
  for (let seq = fromSeq; seq <= head.chain_seq; seq += PAGE_TRANSFERS) {
    const toSeq = Math.min(seq + PAGE_TRANSFERS - 1, head.chain_seq);
    const page = await readPage(db.kysely, seq, toSeq);
    for (let at = seq; at <= toSeq; at += 1) {
      const step = page.get(at);
      const foundHash = step?.transfer.chain_hash ?? '';
      const expectedHash = step === undefined ? 'a transfer' : chainHash(hash, step.transfer, step.entries);
      if (foundHash !== expectedHash) return { chainSeq: at, expectedHash, foundHash };
      hash = expectedHash;
    }
  }
  if (hash === head.chain_hash) return undefined;
  return { chainSeq: head.chain_seq, expectedHash: hash, foundHash: head.chain_hash };
}

interface Step {
  readonly transfer: TransferRow;
  readonly entries: EntryRow[];
}

async function readPage(
  kysely: Kysely<Schema>,
  fromSeq: number,
  toSeq: number,
): Promise<ReadonlyMap<number, Step>> {
  const transfers = await kysely
    .selectFrom('transfers')
    .selectAll()
    .where('chain_seq', '>=', fromSeq)
    .where('chain_seq', '<=', toSeq)
    .execute();
  const entries = await kysely
    .selectFrom('entries')
    .selectAll()
    .where('chain_seq', '>=', fromSeq)
    .where('chain_seq', '<=', toSeq)
    .orderBy('chain_seq')
    .orderBy('line')
    .execute();
  const entriesBySeq = Map.groupBy(entries, ({ chain_seq }) => chain_seq);
  return new Map(
    transfers.map((transfer) => [
      transfer.chain_seq,
      { transfer, entries: entriesBySeq.get(transfer.chain_seq) ?? [] },
    ]),
  );
}

async function hashBefore(kysely: Kysely<Schema>, seq: number): Promise<string> {
  const before = await kysely
    .selectFrom('transfers')
    .select('chain_hash')
    .where('chain_seq', '=', seq - 1)
    .execute();
  return before[0]?.chain_hash ?? GENESIS_HASH;
}
