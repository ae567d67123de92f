import { sql } from 'kysely';
import type { Database } from '../db/open.ts';
import { count, countIn, type Source } from './count.ts';
import { MOST_PENDING_HOLDS } from './hold.ts';
import type { ChainBreak } from './verify-chain.ts';
import { verifyChain } from './verify-chain.ts';

/** What was posted after a place in the chain; all zero, and no break, in a ledger that is right. */
export interface RecentInvariants {
  /** The newest transfer when the check began: the next check may begin there. */
  readonly headSeq: number;
  /** Transfers with fewer than two entries or whose entries do not sum to zero. */
  readonly transfersUnbalanced: number;
  /** Accounts that moved, whose balance is not the one after their newest entry. */
  readonly accountsOff: number;
  /** Accounts that moved and cannot pay what is held of them: all but issuance must. */
  readonly negativeCustomers: number;
  /** Accounts, of those and of the newest 1,000 operations, of which something else is held than their pending ones hold. */
  readonly heldOff: number;
  /** Pending operations past MOST_PENDING_HOLDS: a leak, or an attack. */
  readonly holdsTooMany: number;
  readonly chainBreak?: ChainBreak;
}

const NEWEST_HOLDS = 1_000;

/**
 * The invariants of what was posted after `chainSeq`, while the ledger is in use. Time grows with those transfers, not with
 * the ledger: on a million entries 10 ms where nothing moved, and 0.2 ms for each new transfer, both on a busy machine
 * (PostgreSQL). `checkInvariants` looks at everything.
 */
export async function checkInvariantsSince(db: Database, chainSeq: number): Promise<RecentInvariants> {
  const { chain_seq: headSeq } = await db.kysely
    .selectFrom('ledger_head')
    .select('chain_seq')
    .executeTakeFirstOrThrow();
  const chainBreak = await verifyChain(db, chainSeq + 1);
  return {
    headSeq,
    transfersUnbalanced: await count(db, unbalanced(chainSeq)),
    accountsOff: await count(db, off(chainSeq)),
    negativeCustomers: await count(db, negative(chainSeq)),
    heldOff: await countIn(db, 'holds', heldOff(chainSeq)),
    holdsTooMany: Math.max(0, (await countIn(db, 'holds', PENDING)) - MOST_PENDING_HOLDS),
    ...(chainBreak === undefined ? {} : { chainBreak }),
  };
}

/** Each is one statement, so that it sees one moment of a ledger that moves; the same SQL on every database. */
const unbalanced = (chainSeq: number): Source => sql`
  (select t.chain_seq from transfers t left join entries e on e.chain_seq = t.chain_seq
   where t.chain_seq > ${chainSeq}
   group by t.chain_seq having coalesce(sum(e.amount), 0) <> 0 or count(e.line) < 2) as unbalanced`;

/** An account has one line in a transfer, so the newest is found by the index alone. */
const off = (chainSeq: number): Source => sql`
  accounts a where ${moved(chainSeq)} and a.balance <>
  (select e.balance_after from entries e where e.account_id = a.id order by e.chain_seq desc limit 1)`;

const negative = (chainSeq: number): Source => sql`
  accounts a where ${moved(chainSeq)} and a.balance - a.held < 0 and a.kind <> 'issuance'`;

/** The second list is a table of its own, as MySQL takes no LIMIT in a subquery of IN. */
const heldOff = (chainSeq: number): Source => sql`
  accounts a where (${moved(chainSeq)} or a.id in (select account_id from
    (select account_id from holds order by id desc limit ${sql.lit(NEWEST_HOLDS)}) as newest))
  and a.held <> (select coalesce(sum(h.held), 0) from holds h where h.account_id = a.id and h.status = 'en_attente')`;

const PENDING = sql`
  (select id from holds where status = 'en_attente' limit ${sql.lit(2 * MOST_PENDING_HOLDS)}) as pending`;

const moved = (chainSeq: number): Source =>
  sql`a.id in (select account_id from entries where chain_seq > ${chainSeq})`;

/** Whether a check, whole or since a place, found nothing wrong. */
export function isSound({ headSeq: _place, chainBreak, ...found }: Partial<RecentInvariants>): boolean {
  return chainBreak === undefined && Object.values(found).every((wrong) => wrong === 0);
}
