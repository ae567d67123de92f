import type { Change, ColumnType, Condition, Constraint } from './changes.ts';

/** What is known of a table from the migrations that made it. */
export interface TableModel {
  readonly columns: ReadonlyMap<string, ColumnType>;
  /** Conditions of checks, by constraint name. */
  readonly checks: ReadonlyMap<string, Condition>;
  /** Sets of columns of which no two rows have the same values. */
  readonly keys: readonly (readonly string[])[];
}

/** Tables by name. */
export type SchemaModel = ReadonlyMap<string, TableModel>;

export const EMPTY_SCHEMA: SchemaModel = new Map();

const EMPTY_TABLE: TableModel = { columns: new Map(), checks: new Map(), keys: [] };

/** The schema after the changes. What the rules do not ask for (indexes, defaults, triggers) is not kept. */
export function changed(schema: SchemaModel, changes: readonly Change[]): SchemaModel {
  const tables = new Map(schema);
  for (const change of changes) apply(tables, change);
  return tables;
}

function apply(tables: Map<string, TableModel>, change: Change): void {
  const edit = (table: string, to: (known: TableModel) => TableModel): void => {
    tables.set(table, to(tables.get(table) ?? EMPTY_TABLE));
  };
  switch (change.kind) {
    case 'createTable': {
      if (tables.has(change.table)) return;
      const columns = Object.entries(change.columns).map(([name, { type }]) => [name, type] as const);
      tables.set(
        change.table,
        change.constraints.reduce(constrained, { ...EMPTY_TABLE, columns: new Map(columns) }),
      );
      return;
    }
    case 'dropTable':
      tables.delete(change.table);
      return;
    case 'addColumn':
      edit(change.table, (known) =>
        change.definition.constraints.reduce(
          constrained,
          typed(known, change.column, change.definition.type),
        ),
      );
      return;
    case 'alterType':
      edit(change.table, (known) => typed(known, change.column, change.type));
      return;
    case 'addConstraint':
      edit(change.table, (known) => constrained(known, change.constraint));
      return;
    default:
  }
}

function typed(table: TableModel, column: string, type: ColumnType): TableModel {
  return { ...table, columns: new Map([...table.columns, [column, type]]) };
}

function constrained(table: TableModel, { kind, name, columns, condition }: Constraint): TableModel {
  if (kind === 'check') return { ...table, checks: new Map([...table.checks, [name, condition]]) };
  return kind === 'foreign' ? table : { ...table, keys: [...table.keys, columns] };
}

/** Every row that the old condition lets in, the new one lets in too, as far as can be told. */
export function isWider(next: Condition, before: Condition): boolean {
  return before.every(({ of, values }) =>
    next.some(
      (other) =>
        other.of === of &&
        other.values.length > 0 === values.length > 0 &&
        values.every((value) => other.values.includes(value)),
    ),
  );
}

/** Every old value is a new one, and no row is written for it: text with as much room or more. */
export function isWidened(from: ColumnType, to: ColumnType): boolean {
  return (
    TEXTS.has(from.name) && TEXTS.has(to.name) && from.collation === to.collation && room(to) >= room(from)
  );
}

/** The same kind of value with less room. */
export function isNarrowed(from: ColumnType, to: ColumnType): boolean {
  const [before, after] = [NUMBER_BYTES[from.name], NUMBER_BYTES[to.name]];
  return before !== undefined && after !== undefined ? after < before : room(to) < room(from);
}

const TEXTS: ReadonlySet<string> = new Set(['varchar', 'text']);
const NUMBER_BYTES: Readonly<Record<string, number>> = { int2: 2, int4: 4, int8: 8 };

function room({ sizes }: ColumnType): number {
  return sizes[0] ?? Number.POSITIVE_INFINITY;
}
