import { postgresqlDialect } from '../../db/postgresql-dialect.ts';
import { addColumnSql, createIndexSql, createTableSql, type Migration, type MigrationKit } from '../kit.ts';
import type { Change } from './changes.ts';
import { readSql } from './read-sql.ts';

export type Phase = 'expand' | 'contract';

/** One statement of a migration, as it would be sent to an empty PostgreSQL, and what it changes. */
export interface Recorded {
  readonly statement: string;
  readonly changes: readonly Change[];
}

/** Runs a phase against no database at all, and gives what it would have done, in order. */
export async function record(migration: Migration, phase: Phase): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  const run = async (statement: string): Promise<void> => {
    recorded.push({ statement, changes: await readSql(statement) });
  };
  const kit: MigrationKit = {
    types: postgresqlDialect.columnTypes,
    run,
    createTable: async (table) => {
      await run(createTableSql(table));
      for (const [index, columns] of Object.entries(table.indexes ?? {})) {
        await run(createIndexSql(table.name, index, columns));
      }
    },
    makeAppendOnly: async (table) => {
      recorded.push({ statement: `make ${table} append-only`, changes: [{ kind: 'trigger', table }] });
    },
    makeSettledOnce: async (table) => {
      recorded.push({
        statement: `make rows of ${table} settled once`,
        changes: [{ kind: 'trigger', table }],
      });
    },
    insertIfAbsent: async (table, rows) => {
      const statement = `insert into ${table}: ${rows.length} rows, where they are not there`;
      recorded.push({ statement, changes: [{ kind: 'insert', table, fromQuery: false }] });
    },
    addColumn: (table, column, type) => run(addColumnSql(table, column, type)),
    addIndex: (table, index, columns) =>
      run(`create index concurrently ${index} on ${table} (${columns.join(', ')})`),
    widenCheck: async (table, name, condition) => {
      const statements = postgresqlDialect.replaceCheck(table, `${table}_${name}`, condition);
      for (const statement of statements) await run(statement);
    },
  };
  await migration[phase]?.(kit);
  return recorded;
}
