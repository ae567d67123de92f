import { basename, dirname } from 'node:path';
import type { CompiledQuery, QueryResult } from 'kysely';
import pg from 'pg';
import type { Clock } from '../../core/clock.ts';
import { systemCodeOf } from '../../core/errors.ts';
import { ConnectionLostError } from './errors.ts';
import { safeInteger } from './integers.ts';
import type { Session, SessionPool } from './session.ts';
import { refuseStreaming } from './session.ts';
import type { DatabaseSettings } from './settings.ts';
import { TimeLimitError, withinTime } from './time-limit.ts';
import { tlsOptionsOf } from './tls.ts';

/** PostgreSQL's type number of BIGINT (pg_type.dat). */
const INT8 = 20;

/** SQLSTATE class 08 and 57P01 to 57P03: the server ends the connection or is not taking any. */
const CONNECTION_ENDING = /^(?:08|57P0[123])/;

/** Pools for `pgsql` and `pglite`. Statements are unnamed: PGlite's clients share one backend and its names. */
export function postgresqlSessions(settings: DatabaseSettings, clock: Clock): SessionPool {
  const pool = new pg.Pool({
    ...placeOf(settings),
    ...(settings.connection === 'pgsql' ? sessionLimits(settings) : {}),
    database: settings.database,
    user: settings.username,
    password: settings.password?.reveal(),
    ssl: tlsOptionsOf(settings) ?? false,
    max: settings.poolSize,
    types: bigintAsNumber(),
  });
  const dead = new WeakSet<pg.ClientBase>();
  // Without listeners a connection's death would end the process. The pool drops an idle client by itself.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => dead.add(client)));
  return {
    connect: async () => lend(await pool.connect(), { dead, clock, limitMs: settings.statementTimeoutMs }),
    end: () => pool.end(),
  };
}

function placeOf(settings: DatabaseSettings): pg.PoolConfig {
  const { socketPath, host, port } = settings;
  if (socketPath === undefined) return { host, port };
  return { host: dirname(socketPath), port: Number(basename(socketPath).split('.').at(-1)) };
}

/** PGlite has one session for all clients, so only a real server is given limits of its own. */
function sessionLimits({ statementTimeoutMs }: DatabaseSettings): pg.PoolConfig {
  return {
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    options: '-c default_transaction_isolation=read\\ committed',
    keepAlive: true,
  };
}

function bigintAsNumber(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, safeInteger);
  return types;
}

interface Lending {
  readonly dead: WeakSet<pg.ClientBase>;
  readonly clock: Clock;
  readonly limitMs: number;
}

function lend(client: pg.PoolClient, { dead, clock, limitMs }: Lending): Session {
  const execute = async (query: CompiledQuery): Promise<pg.QueryResult> => {
    if (dead.has(client)) throw new ConnectionLostError('it died earlier');
    try {
      const running = client.query(query.sql, [...query.parameters]);
      return await withinTime(running, { clock, limitMs, what: 'a statement' });
    } catch (error) {
      // The client's own event comes before its statements fail, so it is in `dead` by now.
      if (!dead.has(client) && !endsConnection(error)) throw error;
      dead.add(client);
      throw new ConnectionLostError(error);
    }
  };
  return {
    executeQuery: async (query) => toResult(await execute(query), query),
    streamQuery: refuseStreaming,
    release: () => client.release(dead.has(client)),
  };
}

/** A statement past its limit may still be running there, so its connection cannot be used again. */
function endsConnection(error: unknown): boolean {
  return error instanceof TimeLimitError || CONNECTION_ENDING.test(String(systemCodeOf(error)));
}

/** COMMIT of a transaction in which a statement failed answers ROLLBACK, without an error (PostgreSQL, COMMIT). */
function toResult<R>(result: pg.QueryResult, query: CompiledQuery): QueryResult<R> {
  if (result.command === 'ROLLBACK' && query.sql === 'commit') {
    throw new Error('COMMIT was answered by ROLLBACK: a statement of the transaction had failed');
  }
  return { rows: result.rows, numAffectedRows: BigInt(result.rowCount ?? 0) };
}
