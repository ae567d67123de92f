import type { Kysely, RawBuilder, SqlBool } from 'kysely';
import { CompiledQuery, sql } from 'kysely';
import { systemCodeOf } from '../../core/errors.ts';
import type { Dialect } from './dialect.ts';
import type { Schema } from './schema.ts';

const DUPLICATE_KEY = 'ER_DUP_ENTRY';
/** Record changed since it was read, lock wait, deadlock, statement's time limit (MySQL's and MariaDB's numbers). */
const RETRYABLE: ReadonlySet<unknown> = new Set([1020, 1205, 1213, 3024, 1969]);

const ASCII = 'character set ascii collate ascii_bin';
const UTF8 = 'character set utf8mb4 collate utf8mb4_bin';

/** MySQL 8.0 and MariaDB 10.11. INSERT IGNORE is not used: it also turns bad values into warnings. */
export const mysqlDialect: Dialect = {
  family: 'mysql',
  columnTypes: {
    id: `varchar(36) ${ASCII}`,
    code: (length) => `varchar(${length}) ${ASCII}`,
    text: (length) => `varchar(${length}) ${UTF8}`,
    longText: `text ${UTF8}`,
    integer: 'int',
    bigint: 'bigint',
  },

  insertRows: async (db, table, rows) => {
    const [first] = rows;
    if (first !== undefined) await run(db, insert(table, first), values(rows));
  },

  insertIfAbsent: async (db, table, row) => {
    try {
      await run(db, insert(table, row), values([row]));
      return true;
    } catch (error) {
      if (systemCodeOf(error) !== DUPLICATE_KEY) throw error;
      return false;
    }
  },

  upsertRows: async (db, table, rows, { set }) => {
    const [first] = rows;
    if (first === undefined) return;
    const replaced = set.map((column) => `${quoted(column)} = values(${quoted(column)})`);
    await run(db, `${insert(table, first)} on duplicate key update ${replaced}`, values(rows));
  },

  updateNumbers: async (db, { table, key, set }, byId) => {
    const cases = 'when ? then ? '.repeat(byId.size);
    const statement = `update ${quoted(table)} set ${quoted(set)} = case ${quoted(key)} ${cases} end
      where ${quoted(key)} in (?)`;
    await run(db, statement, [...[...byId].flat(), [...byId.keys()]]);
  },

  matchesOne: (_table, columns, rows) => {
    const wanted = rows.map((row) => columns.map((column) => row[column]));
    return sql<SqlBool>`(${sql.raw(list(columns))}) in (${wanted})`;
  },

  sum: (expression) => sql<number>`cast(coalesce(sum(${expression}), 0) as signed)`,

  joinTexts: (text, orderedBy) => sql<string>`group_concat(${text} order by ${orderedBy} separator ',')`,

  isDuplicateKey: (error) => systemCodeOf(error) === DUPLICATE_KEY,
  isRetryable: (error) => error instanceof Error && 'errno' in error && RETRYABLE.has(error.errno),

  appendOnly: (table) => {
    const refusal = refuse(`rows of ${table} are never changed or deleted`);
    return [...trigger(table, 'update', refusal), ...trigger(table, 'delete', refusal)];
  },
  settledOnce: (table, { column, open }) => {
    const refusal = refuse(`rows of ${table} are settled once`);
    const whenSettled = `if old.${quoted(column)} <> '${open}' then ${refusal}; end if`;
    return [...trigger(table, 'update', whenSettled), ...trigger(table, 'delete', refusal)];
  },

  addIndexOnline: (table, index, columns) => [
    `alter table ${table} add index ${index} (${columns.join(', ')}), algorithm=inplace, lock=none`,
  ],
  replaceCheck: (table, constraint, condition) => [
    `alter table ${table} drop constraint ${constraint}, add constraint ${constraint} check (${condition})`,
  ],
  // InnoDB's figure may be off by half (MySQL's manual, INFORMATION_SCHEMA TABLES).
  estimateRows: async (db) => {
    const { rows } = await sql<{ name: string; rows: number }>`
      select table_name as name, table_rows as ${sql.ref('rows')} from information_schema.tables
      where table_schema = database() and table_type = 'BASE TABLE'`.execute(db);
    return new Map(rows.map((row) => [row.name, row.rows]));
  },
  hasColumn: (db, table, column) =>
    exists(
      db,
      sql`columns where table_schema = database() and table_name = ${table} and column_name = ${column}`,
    ),
  hasTable: (db, table) => exists(db, sql`tables where table_schema = database() and table_name = ${table}`),
  hasIndex: (db, table, index) =>
    exists(
      db,
      sql`statistics where table_schema = database() and table_name = ${table} and index_name = ${index}`,
    ),
};

/** The driver writes nested lists as rows, `(…), (…)`: four times faster than a placeholder for each value. */
function insert(table: string, row: object): string {
  return `insert into ${quoted(table)} (${list(Object.keys(row))}) values ?`;
}

/** Each row lists its columns in the first one's order. */
function values(rows: readonly object[]): unknown[] {
  return [rows.map((row) => Object.values(row))];
}

function refuse(message: string): string {
  return `signal sqlstate '45000' set message_text = '${message}'`;
}

function trigger(table: string, event: 'update' | 'delete', body: string): readonly string[] {
  const name = quoted(`${table}_no_${event}`);
  return [
    `drop trigger if exists ${name}`,
    `create trigger ${name} before ${event} on ${quoted(table)} for each row ${body}`,
  ];
}

async function exists(db: Kysely<Schema>, source: RawBuilder<unknown>): Promise<boolean> {
  const { rows } = await sql`select 1 from information_schema.${source} limit 1`.execute(db);
  return rows.length > 0;
}

async function run(db: Kysely<Schema>, statement: string, parameters: unknown[]): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(statement, parameters));
}

function list(columns: readonly string[]): string {
  return columns.map(quoted).join(', ');
}

/** Names come from this program, never from a request. */
function quoted(name: string): string {
  return `\`${name}\``;
}
