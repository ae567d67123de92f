import type {
  DialectAdapter,
  Expression,
  Kysely,
  Dialect as KyselyDialect,
  QueryCompiler,
  RawBuilder,
  SqlBool,
} from 'kysely';
import type { Schema } from './schema.ts';

export type TableName = keyof Schema & string;
export type ColumnName<T extends TableName> = keyof Schema[T] & string;

/** Column types of migrations. Text compares by its bytes, on every database. */
export interface ColumnTypes {
  /** A UUID as 36 ASCII characters. */
  readonly id: string;
  /** ASCII: hashes, references, enumerations. */
  readonly code: (lengthCharacters: number) => string;
  readonly text: (lengthCharacters: number) => string;
  /** Up to 65,535 bytes. */
  readonly longText: string;
  readonly integer: string;
  readonly bigint: string;
}

/**
 * What differs between databases, said once. The two families are PostgreSQL (and PGlite), and MySQL (and MariaDB);
 * the SQL stays within MySQL 8.0, MariaDB 10.11 and PostgreSQL 15, and RETURNING is never used.
 * Locking reads need no help: Kysely's `forUpdate()` is the same on all of them.
 */
export interface Dialect {
  readonly family: 'postgresql' | 'mysql';
  readonly columnTypes: ColumnTypes;

  /** One statement whatever the number of rows; none for no rows. */
  insertRows<T extends TableName>(db: Kysely<Schema>, table: T, rows: readonly Schema[T][]): Promise<void>;
  /** True when the row was inserted, false when a row with one of its unique keys was there. Safe in a transaction. */
  insertIfAbsent<T extends TableName>(db: Kysely<Schema>, table: T, row: Schema[T]): Promise<boolean>;
  /** Inserts, or replaces the columns `set` of the row with the same `key`. */
  upsertRows<T extends TableName>(
    db: Kysely<Schema>,
    table: T,
    rows: readonly Schema[T][],
    columns: { readonly key: readonly ColumnName<T>[]; readonly set: readonly ColumnName<T>[] },
  ): Promise<void>;
  /** Sets one BIGINT column of many rows, found by their id, in one statement. */
  updateNumbers<T extends TableName>(
    db: Kysely<Schema>,
    target: { readonly table: T; readonly key: ColumnName<T>; readonly set: ColumnName<T> },
    values: ReadonlyMap<string, number>,
  ): Promise<void>;

  /** Condition: the row's `columns` equal those of one of `rows`, of which there is at least one. */
  matchesOne<T extends TableName>(
    table: T,
    columns: readonly ColumnName<T>[],
    rows: readonly Partial<Schema[T]>[],
  ): RawBuilder<SqlBool>;

  /** SUM as a safe integer; 0 for no rows. A RangeError past 2^53 - 1. */
  sum(expression: Expression<number>): RawBuilder<number>;

  /** The texts of a group with commas between, in the order of a column. At most about 1,000 characters on MySQL. */
  joinTexts(text: Expression<string>, orderedBy: Expression<unknown>): RawBuilder<string>;

  /** Another row has the same unique key. */
  isDuplicateKey(error: unknown): boolean;
  /** The database gave up on a transaction that may succeed when run again: deadlock, lock wait, serialization, time limit. */
  isRetryable(error: unknown): boolean;

  /** Statements after which UPDATE and DELETE of the table fail; each may be run again. */
  appendOnly(table: TableName): readonly string[];
  /** Statements after which a row whose `column` is no longer `open` cannot be changed, and none deleted; the same. */
  settledOnce<T extends TableName>(
    table: T,
    state: { readonly column: ColumnName<T>; readonly open: string },
  ): readonly string[];
  hasTable(db: Kysely<Schema>, table: TableName): Promise<boolean>;
  /** `add column if not exists` is not in MySQL, so migrations ask first. */
  hasColumn(db: Kysely<Schema>, table: TableName, column: string): Promise<boolean>;
  /** Statements that build an index while rows are written, also over what a killed try left. */
  addIndexOnline(table: TableName, index: string, columns: readonly string[]): readonly string[];
  /** Statements that give a check another condition; each may be run again. MySQL copies the table for it. */
  replaceCheck(table: TableName, constraint: string, condition: string): readonly string[];
  /** About how many rows each table has, by the database's own statistics; a table it knows nothing of is left out. */
  estimateRows(db: Kysely<Schema>): Promise<ReadonlyMap<string, number>>;
  /** `create index if not exists` is not in MySQL, so migrations ask first. One left unfinished does not count. */
  hasIndex(db: Kysely<Schema>, table: TableName, index: string): Promise<boolean>;
}

/** What Kysely needs to write SQL for a family. */
export interface SqlWriter {
  readonly createQueryCompiler: () => QueryCompiler;
  readonly createAdapter: () => DialectAdapter;
  readonly createIntrospector: KyselyDialect['createIntrospector'];
}
