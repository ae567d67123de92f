import { readFile } from 'node:fs/promises';
import type { Connection, ConnectionOptions, TypeCastField } from 'mysql2/promise';
import { messageOf, OmpayError } from '../../core/errors.ts';
import type { FactRow, QuerySession } from '../proof.ts';
import { type MysqlAccess, shownPlace } from './access.ts';

/** ER_BAD_DB_ERROR, ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST. */
const ABSENT_ERRORS: ReadonlySet<number> = new Set([1049, 1054, 1146, 1305]);

export interface MysqlSession extends QuerySession {
  /** The columns of the only row, for statements that always give one; NULL is ''. */
  values(sql: string): Promise<readonly string[]>;
  /** A statement whose answer is of no interest. Throws `databaseUnavailable`. */
  run(sql: string): Promise<void>;
  /** Breaks the connection; a statement that still runs fails. */
  close(): void;
}

export interface SessionLimits {
  readonly connectMs: number;
  /** Each statement. */
  readonly queryMs: number;
}

/**
 * One connection. Values come as MySQL prints them; `"` quotes names, as in standard SQL. Throws `databaseUnavailable`
 * with the library's error as its cause.
 */
export async function openSession(
  access: MysqlAccess,
  limits: SessionLimits,
  database?: string,
): Promise<MysqlSession> {
  const { createConnection } = await import('mysql2/promise');
  let connection: Connection;
  try {
    connection = await createConnection({
      ...(await placeOptions(access)),
      user: access.username,
      password: access.password.reveal(),
      connectTimeout: limits.connectMs,
      charset: 'UTF8MB4_BIN',
      typeCast: (field: TypeCastField) => field.string() ?? '',
    });
  } catch (error) {
    throw unavailable(error, access);
  }
  // A connection that breaks between two statements is told by the next one.
  connection.on('error', () => undefined);
  const session = sessionOf(connection, access, limits.queryMs);
  try {
    await session.run("set session sql_mode = concat(@@session.sql_mode, ',ANSI_QUOTES')");
    // A database before its first migration is not there: its tables are absent then.
    if (database !== undefined) await session.rows(`use "${database.replaceAll('"', '""')}"`);
  } catch (error) {
    connection.destroy();
    throw error;
  }
  return session;
}

async function placeOptions({ place }: MysqlAccess): Promise<ConnectionOptions> {
  if ('socketPath' in place) return { socketPath: place.socketPath };
  const ca = await readFile(place.authorityPath, 'utf8').catch((cause: unknown) => {
    throw unreadableAuthority(place.authorityPath, cause);
  });
  const ssl = { ca, minVersion: 'TLSv1.2', rejectUnauthorized: true, verifyIdentity: true } as const;
  return { host: place.host, port: place.port, ssl };
}

export function unreadableAuthority(path: string, cause: unknown): OmpayError {
  return new OmpayError('configInvalid', `${path} cannot be read: ${messageOf(cause)}`, {
    hint: "put the certificates (PEM) of the database's authority there",
    cause,
  });
}

function sessionOf(connection: Connection, access: MysqlAccess, queryMs: number): MysqlSession {
  const rows = async (
    sql: string,
    parameters: readonly string[] = [],
  ): Promise<readonly FactRow[] | undefined> => {
    const statement = withMarks(sql, parameters);
    try {
      const [result] = await connection.query({ ...statement, timeout: queryMs });
      return Array.isArray(result) ? result.map(factRow) : [];
    } catch (error) {
      if (ABSENT_ERRORS.has(errorNumber(error))) return undefined;
      throw unavailable(error, access);
    }
  };
  const given = async (sql: string): Promise<readonly FactRow[]> => {
    const result = await rows(sql);
    if (result === undefined) throw new TypeError(`nothing is there for: ${sql}`);
    return result;
  };
  return {
    rows,
    values: async (sql) => Object.values((await given(sql))[0] ?? {}),
    run: async (sql) => {
      await given(sql);
    },
    close: () => connection.destroy(),
  };
}

/** `$1::bigint` of a question as `?`: MySQL compares text with numbers by itself. */
function withMarks(sql: string, parameters: readonly string[]): { sql: string; values: string[] } {
  const values: string[] = [];
  const marked = sql.replace(/\$(\d+)(?:::\w+)?/g, (_, digits: string) => {
    values.push(parameters[Number(digits) - 1] ?? '');
    return '?';
  });
  return { sql: parameters.length === 0 ? sql : marked, values };
}

function factRow(row: object): FactRow {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, String(value)]));
}

function errorNumber(error: unknown): number {
  if (!(error instanceof Error && 'errno' in error)) return 0;
  return typeof error.errno === 'number' ? error.errno : 0;
}

function unavailable(error: unknown, access: MysqlAccess): OmpayError {
  const what = `the database at ${shownPlace(access)} does not do its part: ${messageOf(error)}`;
  return new OmpayError('databaseUnavailable', what, {
    hint: 'look at the server: systemctl status mysql, then its error log',
    cause: error,
  });
}
