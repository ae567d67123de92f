import { sql } from 'kysely';
import type { Database } from '../db/open.ts';
import { count, countIn } from './count.ts';
import type { ChainBreak } from './verify-chain.ts';
import { verifyChain } from './verify-chain.ts';

/** All zero, and no break, in a ledger that is right. */
export interface Invariants {
  /** XOF; debits and credits of the whole ledger cancel out. */
  readonly entriesSumXof: number;
  /** Transfers with fewer than two entries or whose entries do not sum to zero, and entries without their transfer. */
  readonly transfersUnbalanced: number;
  /** Accounts whose balance is not the sum of their entries. */
  readonly accountsOff: number;
  /** Accounts below zero that may not be: all but issuance. */
  readonly negativeCustomers: number;
  /** Accounts of which something else is held than their pending operations hold. */
  readonly heldOff: number;
  /** Posted operations without their transfer, with its amounts; and others that have one all the same. */
  readonly holdsAstray: number;
  /** Reversals without both their transfers, the one the other way of the other. */
  readonly reversalsAstray: number;
  /** In the newest transfers; `verifyChain` looks at all. */
  readonly chainBreak?: ChainBreak;
}

const CHAIN_TAIL_TRANSFERS = 1_000;

/** Reads only; each figure is of one moment, so the ledger may be in use. Time grows with the entries: 1 s a million. */
export async function checkInvariants(db: Database): Promise<Invariants> {
  const { chain_seq: headSeq } = await db.kysely
    .selectFrom('ledger_head')
    .select('chain_seq')
    .executeTakeFirstOrThrow();
  const chainBreak = await verifyChain(db, Math.max(1, headSeq - CHAIN_TAIL_TRANSFERS));
  return {
    entriesSumXof: await sumEntries(db),
    transfersUnbalanced: (await count(db, UNBALANCED)) + (await count(db, STRAY)),
    accountsOff: await count(db, OFF),
    negativeCustomers: await count(db, NEGATIVE),
    heldOff: await countIn(db, 'holds', HELD_OFF),
    holdsAstray: await countIn(db, 'holds', HOLDS_ASTRAY),
    reversalsAstray: await countIn(db, 'reversals', REVERSALS_ASTRAY),
    ...(chainBreak === undefined ? {} : { chainBreak }),
  };
}

/** The same SQL on every database. */
const UNBALANCED = sql`
  (select t.chain_seq from transfers t left join entries e on e.chain_seq = t.chain_seq
   group by t.chain_seq having coalesce(sum(e.amount), 0) <> 0 or count(e.line) < 2) as unbalanced`;

const STRAY = sql`
  entries e left join transfers t on t.chain_seq = e.chain_seq and t.id = e.transfer_id where t.id is null`;

const OFF = sql`
  accounts a left join (select account_id, sum(amount) as total from entries group by account_id) e
  on e.account_id = a.id where a.balance <> coalesce(e.total, 0)`;

const NEGATIVE = sql`accounts where balance < 0 and kind <> 'issuance'`;

const HELD_OFF = sql`
  accounts a left join (select account_id, sum(held) as total from holds where status = 'en_attente' group by account_id) h
  on h.account_id = a.id where a.held <> coalesce(h.total, 0)`;

/** A transfer has its hold's reference, so it is found from either side. */
const HOLDS_ASTRAY = sql`
  holds h left join transfers t on t.reference = h.reference
  where (h.status = 'reussi') <> (t.id is not null)
  or (t.id is not null and (t.id <> h.transfer_id or t.type <> h.type or t.amount <> h.amount or t.fee <> h.fee
    or h.account_id <> case when h.type = 'depot' then t.credit_account_id else t.debit_account_id end))`;

const REVERSALS_ASTRAY = sql`
  reversals r left join transfers t on t.id = r.transfer_id left join transfers o on o.id = r.reverses_id
  where t.id is null or o.id is null or t.amount <> o.amount
  or t.debit_account_id <> o.credit_account_id or t.credit_account_id <> o.debit_account_id`;

async function sumEntries({ kysely, dialect }: Database): Promise<number> {
  const { total } = await kysely
    .selectFrom('entries')
    .select(({ ref }) => dialect.sum(ref('amount')).as('total'))
    .executeTakeFirstOrThrow();
  return total;
}
