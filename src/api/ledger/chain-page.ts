import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../db/open.ts';

/** A transfer as the chain sees it: what is hashed comes from the database as the very text that is hashed. */
export interface ChainedRow {
  readonly chainSeq: number;
  readonly chainHash: string;
  readonly id: string;
  readonly createdAtMs: number;
  /** The record's part between the hash before and the entries (chain.ts), in JSON. */
  readonly text: string;
  readonly description: string | null;
  readonly salt: string | null;
  readonly digest: string | null;
}

/** The entries of one transfer, together. */
export interface ChainedEntries {
  readonly chainSeq: number;
  /** In JSON, without the list's brackets. */
  readonly text: string;
  readonly lines: number;
  /** XOF. */
  readonly total: number;
  readonly leastTransferId: string;
  readonly mostTransferId: string;
  readonly leastCreatedAtMs: number;
  readonly mostCreatedAtMs: number;
}

export interface ChainPage {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly transfers: ReadonlyMap<number, ChainedRow>;
  readonly entries: ReadonlyMap<number, ChainedEntries>;
}

export interface ChainRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** About 6 MB. Larger ones are no quicker. */
const PAGE_TRANSFERS = 10_000;

/**
 * The chain's pages in order; while one is looked at, the next is already asked for. The database joins each row to one
 * text, so that a transfer with its entries is two rows of few columns for the driver, and not four of many.
 */
export async function* chainPages(db: Database, { fromSeq, toSeq }: ChainRange): AsyncGenerator<ChainPage> {
  const sealed = await db.dialect.hasTable(db.kysely, 'description_seals');
  const pageFrom = (seq: number): Promise<ChainPage> | undefined => {
    if (seq > toSeq) return undefined;
    const page = readPage(db, { fromSeq: seq, toSeq: Math.min(seq + PAGE_TRANSFERS - 1, toSeq) }, sealed);
    // Whoever stops looking does not wait for the page that was asked for ahead.
    page.catch(() => {});
    return page;
  };
  let next = pageFrom(fromSeq);
  while (next !== undefined) {
    const page = await next;
    next = pageFrom(page.toSeq + 1);
    yield page;
  }
}

async function readPage(db: Database, range: ChainRange, sealed: boolean): Promise<ChainPage> {
  const [transfers, entries] = await Promise.all([readTransfers(db, range, sealed), readEntries(db, range)]);
  return {
    ...range,
    transfers: new Map(transfers.map((row) => [row.chainSeq, row])),
    entries: new Map(entries.map((row) => [row.chainSeq, row])),
  };
}

const TRANSFER_TEXT = sql<string>`concat(t.chain_seq, ',"', t.id, '","', t.reference, '","', t.type, '","', t.status,
  '","', t.debit_account_id, '","', t.credit_account_id, '",', t.amount, ',', t.fee, ',',
  case when t.initiator_id is null then 'null' else concat('"', t.initiator_id, '"') end, ',', t.created_at_ms)`;

async function readTransfers(
  { kysely }: Database,
  { fromSeq, toSeq }: ChainRange,
  sealed: boolean,
): Promise<readonly ChainedRow[]> {
  const seals: RawBuilder<unknown> = sealed
    ? sql`left join description_seals s on s.chain_seq = t.chain_seq`
    : sql`cross join (select null as salt, null as digest) s`;
  const { rows } = await sql<ChainedRow>`
    select t.chain_seq as ${sql.ref('chainSeq')}, t.chain_hash as ${sql.ref('chainHash')}, t.id,
      t.created_at_ms as ${sql.ref('createdAtMs')}, ${TRANSFER_TEXT} as ${sql.ref('text')},
      t.description, s.salt, s.digest
    from transfers t ${seals}
    where t.chain_seq between ${fromSeq} and ${toSeq}`.execute(kysely);
  return rows;
}

const ENTRY_TEXT = sql<string>`concat('[', line, ',"', account_id, '",', amount, ',', balance_after, ']')`;

async function readEntries(
  { kysely, dialect }: Database,
  { fromSeq, toSeq }: ChainRange,
): Promise<readonly ChainedEntries[]> {
  const { rows } = await sql<ChainedEntries>`
    select chain_seq as ${sql.ref('chainSeq')}, ${dialect.joinTexts(ENTRY_TEXT, sql.ref('line'))} as ${sql.ref('text')},
      count(*) as ${sql.ref('lines')}, ${dialect.sum(sql.ref<number>('amount'))} as ${sql.ref('total')},
      min(transfer_id) as ${sql.ref('leastTransferId')}, max(transfer_id) as ${sql.ref('mostTransferId')},
      min(created_at_ms) as ${sql.ref('leastCreatedAtMs')}, max(created_at_ms) as ${sql.ref('mostCreatedAtMs')}
    from entries where chain_seq between ${fromSeq} and ${toSeq} group by chain_seq`.execute(kysely);
  return rows;
}
