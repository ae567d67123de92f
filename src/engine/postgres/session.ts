import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type pg from 'pg';
import { messageOf, OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { FactRow, QuerySession } from '../proof.ts';
import { hostAndPort, type PostgresAccess, readAuthority, shownPlace } from './access.ts';

/** PostgreSQL's appendix A: undefined_table, undefined_column, undefined_function, invalid_schema_name. */
const ABSENT_CODES: ReadonlySet<string> = new Set(['42P01', '42703', '42883', '3F000']);
/** invalid_password, invalid_authorization_specification. */
const REFUSED_CODES: ReadonlySet<string> = new Set(['28P01', '28000']);

export interface PostgresSession extends QuerySession {
  /** The columns of the only row, for statements that always give one; NULL is ''. */
  values(sql: string, parameters?: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface SessionLimits {
  readonly connectMs: number;
  /** Each statement. */
  readonly queryMs: number;
}

/**
 * One connection. Values come as PostgreSQL prints them. Throws `databaseUnavailable` with the library's error as its
 * cause.
 */
export async function openSession(
  access: PostgresAccess,
  limits: SessionLimits,
  database: string,
): Promise<PostgresSession> {
  const ssl = await tlsOptions(access);
  const { Client } = await import('pg');
  const client = new Client({
    ...hostAndPort(access),
    user: access.username,
    password: access.password.reveal(),
    database,
    connectionTimeoutMillis: limits.connectMs,
    query_timeout: limits.queryMs,
    keepAlive: true,
    application_name: 'ompay backup',
    types: { getTypeParser: () => (value: string | Buffer) => value },
    ...(ssl === undefined ? {} : { ssl }),
  });
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // It waits for as long as a copy takes, and is needed afterwards.
    await client.query('set idle_session_timeout = 0');
  } catch (error) {
    await client.end().catch(() => undefined);
    throw unavailable(error, access);
  }
  return sessionOf(client, access);
}

async function tlsOptions({ place }: PostgresAccess): Promise<ConnectionOptions | undefined> {
  if (!('host' in place)) return undefined;
  const { host } = place;
  return {
    ca: await readAuthority(place.authorityPath),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    // The library names no host to TLS when it is an address.
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  };
}

function sessionOf(client: pg.Client, access: PostgresAccess): PostgresSession {
  const rows = async (
    sql: string,
    parameters: readonly string[] = [],
  ): Promise<readonly FactRow[] | undefined> => {
    try {
      const result = await client.query<Record<string, unknown>>(sql, [...parameters]);
      return result.rows.map(factRow);
    } catch (error) {
      if (ABSENT_CODES.has(systemCodeOf(error) ?? '')) return undefined;
      throw unavailable(error, access);
    }
  };
  return {
    rows,
    values: async (sql, parameters) => {
      const row = (await rows(sql, parameters))?.[0];
      if (row === undefined) throw new TypeError(`no row from: ${sql}`);
      return Object.values(row);
    },
    close: () => client.end().catch(() => undefined),
  };
}

function factRow(row: Readonly<Record<string, unknown>>): FactRow {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value === null ? '' : String(value)]),
  );
}

function unavailable(error: unknown, access: PostgresAccess): OmpayError {
  const isRefused = REFUSED_CODES.has(systemCodeOf(error) ?? '');
  const what = `the database at ${shownPlace(access)} does not do its part: ${messageOf(error)}`;
  return new OmpayError('databaseUnavailable', what, {
    hint: isRefused
      ? 'compare the account and its password: ompay secrets set BACKUP_DB_PASSWORD -e ENVIRONMENT; then pg_hba.conf'
      : 'look at the server: systemctl status postgresql, then its log',
    cause: error,
  });
}
