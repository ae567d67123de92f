import type { Kysely, RawBuilder, SqlBool } from 'kysely';
import { CompiledQuery, sql } from 'kysely';
import { systemCodeOf } from '../../core/errors.ts';
import type { Dialect } from './dialect.ts';
import type { Schema } from './schema.ts';

const UNIQUE_VIOLATION = '23505';
/** serialization_failure, deadlock_detected, lock_not_available, query_canceled (the statement's time limit). */
const RETRYABLE: ReadonlySet<string | undefined> = new Set(['40001', '40P01', '55P03', '57014']);

/**
 * Rows travel as one JSON parameter that the table's own row type reads back (`json_populate_recordset`): the statement
 * is the same for any number of rows, and no statement meets the protocol's bound of 65,535 parameters.
 */
export const postgresqlDialect: Dialect = {
  family: 'postgresql',
  columnTypes: {
    id: 'varchar(36) collate "C"',
    code: (length) => `varchar(${length}) collate "C"`,
    text: (length) => `varchar(${length}) collate "C"`,
    longText: 'text',
    integer: 'integer',
    bigint: 'bigint',
  },

  insertRows: async (db, table, rows) => {
    const [first] = rows;
    if (first !== undefined) await runWithRows(db, insert(table, first), rows);
  },

  insertIfAbsent: async (db, table, row) => {
    const { numAffectedRows } = await runWithRows(db, `${insert(table, row)} on conflict do nothing`, [row]);
    return numAffectedRows === 1n;
  },

  upsertRows: async (db, table, rows, { key, set }) => {
    const [first] = rows;
    if (first === undefined) return;
    const replaced = set.map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
    await runWithRows(
      db,
      `${insert(table, first)} on conflict (${list(key)}) do update set ${replaced}`,
      rows,
    );
  },

  updateNumbers: async (db, { table, key, set }, values) => {
    const statement = `update ${quoted(table)} as t set ${quoted(set)} = v.${quoted(set)}
      from json_populate_recordset(null::${quoted(table)}, $1::json) as v where t.${quoted(key)} = v.${quoted(key)}`;
    const rows = [...values].map(([id, value]) => ({ [key]: id, [set]: value }));
    await runWithRows(db, statement, rows);
  },

  matchesOne: (table, columns, rows) => {
    const names = sql.raw(list(columns));
    const asked = sql`json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)`;
    return sql<SqlBool>`(${names}) in (select ${names} from ${asked})`;
  },

  sum: (expression) => sql<number>`cast(coalesce(sum(${expression}), 0) as bigint)`,

  joinTexts: (text, orderedBy) => sql<string>`string_agg(${text}, ',' order by ${orderedBy})`,

  isDuplicateKey: (error) => systemCodeOf(error) === UNIQUE_VIOLATION,
  isRetryable: (error) => RETRYABLE.has(systemCodeOf(error)),

  appendOnly: (table) => [
    `create or replace function ompay_refuse_change() returns trigger language plpgsql as
      $$ begin raise exception 'rows of % are never changed or deleted', tg_table_name; end $$`,
    `create or replace trigger ${quoted(`${table}_append_only`)} before update or delete or truncate
      on ${quoted(table)} for each statement execute function ompay_refuse_change()`,
  ],

  settledOnce: (table, { column, open }) => [
    `create or replace function ompay_refuse_settled() returns trigger language plpgsql as
      $$ begin
        if tg_op = 'UPDATE' and to_json(old) ->> tg_argv[0] = tg_argv[1] then return new; end if;
        raise exception 'rows of % are settled once', tg_table_name;
      end $$`,
    `create or replace trigger ${quoted(`${table}_settled_once`)} before update or delete on ${quoted(table)}
      for each row execute function ompay_refuse_settled('${column}', '${open}')`,
  ],

  hasTable: (db, table) =>
    exists(db, sql`pg_tables where schemaname = current_schema() and tablename = ${table}`),
  hasColumn: (db, table, column) =>
    exists(
      db,
      sql`information_schema.columns where table_schema = current_schema()
        and table_name = ${table} and column_name = ${column}`,
    ),
  hasIndex: (db, _table, index) =>
    exists(
      db,
      sql`pg_index join pg_class on pg_class.oid = indexrelid
        where relnamespace = current_schema()::regnamespace and relname = ${index} and indisvalid`,
    ),
  addIndexOnline: (table, index, columns) => [
    `drop index concurrently if exists ${index}`,
    `create index concurrently ${index} on ${table} (${columns.join(', ')})`,
  ],
  // Two statements: the first is short under its lock, the second looks at the rows while others write.
  replaceCheck: (table, constraint, condition) => [
    `alter table ${table} drop constraint if exists ${constraint},
      add constraint ${constraint} check (${condition}) not valid`,
    `alter table ${table} validate constraint ${constraint}`,
  ],

  estimateRows: async (db) => {
    const { rows } = await sql<{ name: string; rows: number }>`
      select relname as name, case when reltuples >= 0 then reltuples::bigint
        else pg_relation_size(oid) / current_setting('block_size')::bigint * ${sql.raw(String(MOST_ROWS_A_PAGE))}
        end as rows
      from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace`.execute(db);
    return new Map(rows.map((row) => [row.name, row.rows]));
  },
};

/** A page of 8 kB has no room for more (MaxHeapTuplesPerPage): where nothing was counted yet, the size bounds the rows. */
const MOST_ROWS_A_PAGE = 291;

function insert(table: string, row: object): string {
  const columns = list(Object.keys(row));
  return `insert into ${quoted(table)} (${columns})
    select ${columns} from json_populate_recordset(null::${quoted(table)}, $1::json)`;
}

function runWithRows(db: Kysely<Schema>, statement: string, rows: readonly object[]) {
  return db.executeQuery(CompiledQuery.raw(statement, [JSON.stringify(rows)]));
}

async function exists(db: Kysely<Schema>, source: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql`select 1 from ${source} limit 1`.execute(db);
  return rows.length > 0;
}

function list(columns: readonly string[]): string {
  return columns.map(quoted).join(', ');
}

/** Names come from this program, never from a request. */
function quoted(name: string): string {
  return `"${name}"`;
}
