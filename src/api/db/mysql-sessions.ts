import { promisify } from 'node:util';
import type { QueryResult } from 'kysely';
import { CompiledQuery } from 'kysely';
import mysql from 'mysql2';
import type { Clock } from '../../core/clock.ts';
import { ConnectionLostError } from './errors.ts';
import { safeInteger } from './integers.ts';
import type { Session, SessionPool } from './session.ts';
import { refuseStreaming } from './session.ts';
import type { DatabaseSettings } from './settings.ts';
import { TimeLimitError, withinTime } from './time-limit.ts';
import { tlsOptionsOf } from './tls.ts';

/** Field type LONGLONG of MySQL's protocol (field_types.h). */
const LONGLONG = 8;

/** ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED (MariaDB), ER_SESSION_WAS_KILLED, ER_CLIENT_INTERACTION_TIMEOUT. */
const CONNECTION_ENDING: ReadonlySet<unknown> = new Set([1053, 1927, 3169, 4031]);

/** Pools for `mysql` and `mariadb`. */
export function mysqlSessions(settings: DatabaseSettings, clock: Clock): SessionPool {
  const pool = mysql.createPool({
    ...placeOf(settings),
    ...tlsOf(settings),
    database: settings.database,
    user: settings.username,
    ...(settings.password === undefined ? {} : { password: settings.password.reveal() }),
    connectionLimit: settings.poolSize,
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    // A BIGINT outside the safe range then comes as text, which `toResult` refuses.
    supportBigNumbers: true,
    stringifyObjects: true,
  });
  const dead = new WeakSet<mysql.PoolConnection>();
  const ready = new WeakSet<mysql.PoolConnection>();
  // Without a listener a connection's second error would end the process. The pool drops it at the first.
  pool.on('connection', (connection) => connection.on('error', () => dead.add(connection)));
  return {
    connect: async () => {
      const connection = await promisify(pool.getConnection).call(pool);
      const session = lend(connection, { dead, clock, limitMs: settings.statementTimeoutMs });
      if (!ready.has(connection)) await prepare(session, settings).catch(discard(connection));
      ready.add(connection);
      return session;
    },
    // It fails with what refused a connection that was just being made: there is nothing of that to end.
    end: () =>
      promisify(pool.end)
        .call(pool)
        .catch(() => {}),
  };
}

async function prepare(session: Session, settings: DatabaseSettings): Promise<void> {
  for (const statement of sessionStatements(settings))
    await session.executeQuery(CompiledQuery.raw(statement));
}

function discard(connection: mysql.PoolConnection): (error: unknown) => never {
  return (error) => {
    connection.destroy();
    throw error;
  };
}

function placeOf({ socketPath, host = '127.0.0.1', port = 3306 }: DatabaseSettings): mysql.PoolOptions {
  return socketPath === undefined ? { host, port } : { socketPath };
}

/** mysql2 compares the certificate's names with the host's only when asked, and only where the host is a name. */
function tlsOf(settings: DatabaseSettings): mysql.PoolOptions {
  const tls = tlsOptionsOf(settings);
  return tls === undefined ? {} : { ssl: { ...tls, verifyIdentity: true } };
}

/**
 * READ COMMITTED, because REPEATABLE READ shows plain reads an old picture under locks (jepsen.io, MySQL 8.0.34).
 * The comments are run by one of the servers each: MySQL limits reads in milliseconds, MariaDB all statements in seconds.
 */
function sessionStatements({ statementTimeoutMs }: DatabaseSettings): readonly string[] {
  const seconds = statementTimeoutMs / 1_000;
  return [
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', time_zone = '+00:00',
       innodb_lock_wait_timeout = ${Math.ceil(seconds)}
       /*!80000 , max_execution_time = ${statementTimeoutMs} */ /*M! , max_statement_time = ${seconds} */`,
  ];
}

interface Lending {
  readonly dead: WeakSet<mysql.PoolConnection>;
  readonly clock: Clock;
  readonly limitMs: number;
}

function lend(connection: mysql.PoolConnection, { dead, clock, limitMs }: Lending): Session {
  const execute = async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
    if (dead.has(connection)) throw new ConnectionLostError('it died earlier');
    try {
      const running = send(connection, query);
      return toResult(await withinTime(running, { clock, limitMs, what: 'a statement' }));
    } catch (error) {
      if (!endsConnection(error)) throw error;
      dead.add(connection);
      throw new ConnectionLostError(error);
    }
  };
  return {
    executeQuery: execute,
    streamQuery: refuseStreaming,
    release: () => (dead.has(connection) ? connection.destroy() : connection.release()),
  };
}

interface Answer {
  /** Rows, or the header of a statement that gives none. */
  readonly result: unknown;
  readonly fields: readonly mysql.FieldPacket[] | undefined;
  readonly affectedRows: number;
}

function send(connection: mysql.PoolConnection, query: CompiledQuery): Promise<Answer> {
  return new Promise((resolve, reject) => {
    connection.query<mysql.ResultSetHeader>(query.sql, [...query.parameters], (error, result, fields) => {
      if (error === null) resolve({ result, fields, affectedRows: result.affectedRows });
      else reject(error);
    });
  });
}

function toResult<R>({ result, fields = [], affectedRows }: Answer): QueryResult<R> {
  if (!Array.isArray(result)) return { rows: [], numAffectedRows: BigInt(affectedRows) };
  for (const { name, columnType } of fields) {
    if (columnType === LONGLONG) for (const row of result) refuseText(row[name]);
  }
  return { rows: result };
}

/** With `supportBigNumbers`, mysql2 gives as text exactly the integers that a Number would not hold. */
function refuseText(value: unknown): void {
  if (typeof value === 'string') safeInteger(value);
}

/** mysql2 marks as fatal what the connection does not survive. */
function endsConnection(error: unknown): boolean {
  const isFatal = error instanceof Error && 'fatal' in error && error.fatal === true;
  const isEnding = error instanceof Error && 'errno' in error && CONNECTION_ENDING.has(error.errno);
  return isFatal || isEnding || error instanceof TimeLimitError;
}
