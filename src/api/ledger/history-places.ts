import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Schema } from '../db/schema.ts';
import type { HistoryFilter } from './history.ts';

/** A line's place in an account's history. */
export interface Place {
  /** A transfer's place in the chain; for an operation that moved nothing, the newest transfer's when it was opened. */
  readonly seq: number;
  /** Empty for a transfer. */
  readonly holdId: string;
  readonly cursor: string;
}

/** `120` for a transfer, as ever; `120-…` with its id for an operation, which is newer than transfer 120. */
export function cursorOf(seq: number, holdId: string): string {
  return holdId === '' ? String(seq) : `${seq}-${holdId}`;
}

interface Window {
  /** A cursor. */
  readonly before?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/**
 * The places of the window, newest first. Both lists are walked by an index to the window's end and no further, so what
 * is merged is never more than that; the same SQL on every database.
 */
export async function placesOf(
  kysely: Kysely<Schema>,
  filter: HistoryFilter,
  { before, limit, offset }: Window,
): Promise<readonly Place[]> {
  const end = sql.lit(limit + offset);
  const { rows } = await sql<{ seq: number; hold_id: string }>`
    select seq, hold_id from (
      (select entries.chain_seq as seq, ${NO_HOLD} as hold_id from ${linesOf(filter)} and ${transferBefore(before)}
       order by entries.chain_seq desc limit ${end})
      union all
      (select opened_seq as seq, id as hold_id from ${holdsOf(filter)} and ${holdBefore(before)}
       order by opened_seq desc, id desc limit ${end})
    ) as lines_of_both order by seq desc, hold_id desc limit ${sql.lit(limit)} offset ${sql.lit(offset)}`.execute(
    kysely,
  );
  return rows.map(({ seq, hold_id: holdId }) => ({ seq, holdId, cursor: cursorOf(seq, holdId) }));
}

/** Empty, with the type and the collation of an id. */
const NO_HOLD = sql`left(entries.account_id, 0)`;

/** Walks `entries_history` (account, newest first); the type of a transfer is met by its place in the chain. */
function linesOf({ accountId, type }: HistoryFilter): RawBuilder<unknown> {
  return type === undefined
    ? sql`entries where entries.account_id = ${accountId}`
    : sql`entries join transfers on transfers.chain_seq = entries.chain_seq
        where entries.account_id = ${accountId} and transfers.type = ${type}`;
}

/** What is posted is a transfer's line. */
function holdsOf({ accountId, type }: HistoryFilter): RawBuilder<unknown> {
  const ofType = type === undefined ? sql`` : sql`and type = ${type}`;
  return sql`holds where account_id = ${accountId} and status <> 'reussi' ${ofType}`;
}

function transferBefore(cursor: string | undefined): RawBuilder<unknown> {
  if (cursor === undefined) return ALL;
  const [seq, holdId] = parse(cursor);
  return holdId === '' ? sql`entries.chain_seq < ${seq}` : sql`entries.chain_seq <= ${seq}`;
}

function holdBefore(cursor: string | undefined): RawBuilder<unknown> {
  if (cursor === undefined) return ALL;
  const [seq, holdId] = parse(cursor);
  return sql`(opened_seq < ${seq} or (opened_seq = ${seq} and id < ${holdId}))`;
}

const ALL = sql`1 = 1`;

function parse(cursor: string): readonly [number, string] {
  const dash = cursor.indexOf('-');
  return dash === -1 ? [Number(cursor), ''] : [Number(cursor.slice(0, dash)), cursor.slice(dash + 1)];
}

/** Without a type the indexes alone answer; with one, each line's transfer is looked up. */
export async function countLines(kysely: Kysely<Schema>, filter: HistoryFilter): Promise<number> {
  const { rows } = await sql<{ lines: number }>`
    select count(*) as ${sql.ref('lines')} from ${linesOf(filter)}
    union all select count(*) from ${holdsOf(filter)}`.execute(kysely);
  return rows.reduce((total, row) => total + row.lines, 0);
}
