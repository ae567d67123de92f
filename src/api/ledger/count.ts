import { type RawBuilder, sql } from 'kysely';
import type { TableName } from '../db/dialect.ts';
import type { Database } from '../db/open.ts';

/** What follows FROM: tables, joins, conditions. */
export type Source = RawBuilder<unknown>;

export async function count({ kysely }: Database, source: Source): Promise<number> {
  const { rows } = await sql<{ found: number }>`select count(*) as found from ${source}`.execute(kysely);
  return rows.reduce((total, row) => total + row.found, 0);
}

/** The same, and 0 before the migration that makes the table: a rollback may come before it. */
export async function countIn(db: Database, table: TableName, source: Source): Promise<number> {
  return (await db.dialect.hasTable(db.kysely, table)) ? count(db, source) : 0;
}
