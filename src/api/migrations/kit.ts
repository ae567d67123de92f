import type { Kysely } from 'kysely';
import { CompiledQuery } from 'kysely';
import type { ColumnName, ColumnTypes, Dialect, TableName } from '../db/dialect.ts';
import type { Schema } from '../db/schema.ts';

/** A step of the schema. Both phases may be run again from any point: MySQL keeps what a killed run had done. */
export interface Migration {
  /** `0001`, `0002` … in the order in which they are applied. */
  readonly id: string;
  readonly name: string;
  /** Adds what this release needs; the release before must go on working beside it. */
  readonly expand: (kit: MigrationKit) => Promise<void>;
  /** Removes what only releases before this migration need. */
  readonly contract?: (kit: MigrationKit) => Promise<void>;
  /** Findings of the linter (docs/migrations.md) that are right here; one that fits nothing is a finding itself. */
  readonly accepts?: readonly Acceptance[];
}

export interface Acceptance {
  readonly rule: string;
  readonly table: string;
  /** Why the running release bears it; shown wherever the finding would be. */
  readonly reason: string;
}

export interface Table {
  readonly name: TableName;
  /** Column name to its type and constraints, for example `bigint not null`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  /** Index name to its columns; each may end in ` desc`. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
  /** Constraint name to a condition; the same SQL on every database. */
  readonly checks?: Readonly<Record<string, string>>;
  /** Column to the table whose single-column key (`id` unless told) it refers to. */
  readonly references?: Readonly<Record<string, { readonly table: TableName; readonly column: string }>>;
}

/** What a migration may do; each call may be repeated. */
export interface MigrationKit {
  readonly types: ColumnTypes;
  createTable(table: Table): Promise<void>;
  /** From then on, UPDATE and DELETE of its rows fail. */
  makeAppendOnly(table: TableName): Promise<void>;
  /** From then on, a row whose `column` is not `open` cannot be changed, and none deleted. */
  makeSettledOnce<T extends TableName>(
    table: T,
    state: { readonly column: ColumnName<T>; readonly open: string },
  ): Promise<void>;
  insertIfAbsent<T extends TableName>(table: T, rows: readonly Schema[T][]): Promise<void>;
  /** @param type with its constraints, for example `bigint null`: rows of the release before do not name the column. */
  addColumn(table: TableName, column: string, type: string): Promise<void>;
  /** An index of a table that is in use, built while rows are written. */
  addIndex(table: TableName, index: string, columns: readonly string[]): Promise<void>;
  /** Replaces the check `name` of the table, so that more is allowed than before. */
  widenCheck(table: TableName, name: string, condition: string): Promise<void>;
  /** SQL that is the same on every database and may be run twice. */
  run(statement: string): Promise<void>;
}

/** @param beforeEach runs before each change; throws when the run has lost the migration lock. */
export function migrationKit(db: Kysely<Schema>, dialect: Dialect, beforeEach: () => void): MigrationKit {
  const run = async (statement: string): Promise<void> => {
    beforeEach();
    await db.executeQuery(CompiledQuery.raw(statement));
  };
  return {
    types: dialect.columnTypes,
    run,
    addColumn: async (table, column, type) => {
      if (!(await dialect.hasColumn(db, table, column))) await run(addColumnSql(table, column, type));
    },
    addIndex: async (table, index, columns) => {
      if (await dialect.hasIndex(db, table, index)) return;
      for (const statement of dialect.addIndexOnline(table, index, columns)) await run(statement);
    },
    widenCheck: async (table, name, condition) => {
      for (const statement of dialect.replaceCheck(table, `${table}_${name}`, condition))
        await run(statement);
    },
    createTable: async (table) => {
      await run(createTableSql(table));
      for (const [index, columns] of Object.entries(table.indexes ?? {})) {
        if (await dialect.hasIndex(db, table.name, index)) continue;
        await run(createIndexSql(table.name, index, columns));
      }
    },
    makeAppendOnly: async (table) => {
      for (const statement of dialect.appendOnly(table)) await run(statement);
    },
    makeSettledOnce: async (table, state) => {
      for (const statement of dialect.settledOnce(table, state)) await run(statement);
    },
    insertIfAbsent: async (table, rows) => {
      for (const row of rows) {
        beforeEach();
        await dialect.insertIfAbsent(db, table, row);
      }
    },
  };
}

export function addColumnSql(table: string, column: string, type: string): string {
  return `alter table ${table} add column ${column} ${type}`;
}

export function createIndexSql(table: string, index: string, columns: readonly string[]): string {
  return `create index ${index} on ${table} (${columns.join(', ')})`;
}

/** Names are not quoted: migrations use none that a database reserves. */
export function createTableSql(table: Table): string {
  const parts = [
    ...Object.entries(table.columns).map(([name, type]) => `${name} ${type}`),
    `primary key (${table.primaryKey.join(', ')})`,
    ...(table.unique ?? []).map(
      (columns) => `constraint ${table.name}_${columns.join('_')}_unique unique (${columns.join(', ')})`,
    ),
    ...Object.entries(table.checks ?? {}).map(
      ([name, condition]) => `constraint ${table.name}_${name} check (${condition})`,
    ),
    ...Object.entries(table.references ?? {}).map(
      ([column, target]) =>
        `constraint ${table.name}_${column}_known foreign key (${column}) references ${target.table} (${target.column})`,
    ),
  ];
  return `create table if not exists ${table.name} (${parts.join(', ')})`;
}
