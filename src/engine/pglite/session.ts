import type pg from 'pg';
import { messageOf, OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { FactRow, QuerySession } from '../proof.ts';

/** PostgreSQL's appendix A: undefined_table, undefined_column, undefined_function, invalid_schema_name. */
const ABSENT_CODES = new Set(['42P01', '42703', '42883', '3F000']);

export interface PgSession extends QuerySession {
  /** The columns of the only row, for statements that always give one. */
  values(sql: string, parameters?: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * One connection to the server whose socket lies in `folder`. All values come as PostgreSQL prints them.
 * Throws `databaseUnavailable` with the system's code as its cause; undefined when nobody listens there.
 */
export async function connect(
  folder: string,
  limits: { readonly connectMs: number; readonly queryMs: number },
): Promise<PgSession | undefined> {
  const { Client } = await import('pg');
  const client = new Client({
    host: folder,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: limits.connectMs,
    query_timeout: limits.queryMs,
    types: { getTypeParser: () => (value: string | Buffer) => value },
  });
  // A connection that breaks between two queries is told by the next query.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    if (isNobodyThere(error)) return undefined;
    throw unavailable(error);
  }
  return sessionOf(client);
}

function sessionOf(client: pg.Client): PgSession {
  const rows = async (
    sql: string,
    parameters?: readonly string[],
  ): Promise<readonly FactRow[] | undefined> => {
    try {
      const result = await client.query<Record<string, unknown>>(sql, [...(parameters ?? [])]);
      return result.rows.map(factRow);
    } catch (error) {
      if (ABSENT_CODES.has(systemCodeOf(error) ?? '')) return undefined;
      throw explained(error);
    }
  };
  return {
    rows,
    values: async (sql, parameters) => {
      const row = (await rows(sql, parameters))?.[0];
      if (row === undefined) throw new TypeError(`no row from: ${sql}`);
      return Object.values(row);
    },
    close: () => client.end(),
  };
}

function factRow(row: Readonly<Record<string, unknown>>): FactRow {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value === null ? '' : String(value)]),
  );
}

function isNobodyThere(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

/** What the server itself answered has a severity (PostgreSQL's protocol, error fields), and is left as it is. */
function explained(error: unknown): unknown {
  return error instanceof Error && 'severity' in error ? error : unavailable(error);
}

function unavailable(error: unknown): OmpayError {
  return new OmpayError('databaseUnavailable', `the database does not answer: ${messageOf(error)}`, {
    hint: 'ompay status, then ompay logs',
    cause: error,
  });
}
