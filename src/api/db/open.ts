import {
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Dialect, SqlWriter } from './dialect.ts';
import { mysqlDialect } from './mysql-dialect.ts';
import { mysqlSessions } from './mysql-sessions.ts';
import { type DatabaseObserver, NO_OBSERVER } from './observer.ts';
import { postgresqlDialect } from './postgresql-dialect.ts';
import { postgresqlSessions } from './postgresql-sessions.ts';
import { replicaFirst, replicaSettings } from './replica.ts';
import type { Schema } from './schema.ts';
import type { SessionPool, WaitLimits } from './session.ts';
import { driverOf } from './session.ts';
import type { ConnectionKind, DatabaseSettings } from './settings.ts';
import { addressOf, CONNECT_WAIT_MS } from './settings.ts';
import { withinTime } from './time-limit.ts';
import type { Work } from './transaction.ts';
import { runTransaction } from './transaction.ts';

export interface Database {
  readonly kysely: Kysely<Schema>;
  /** For reads that may be some seconds old: asks the replica where there is one, else the primary. Never write by it. */
  readonly stale: Kysely<Schema>;
  readonly dialect: Dialect;
  /**
   * Runs the work in one transaction, READ COMMITTED, and commits it. The work is run again, at most 5 times, after a
   * deadlock and after a connection lost before COMMIT, so it may have no effect but in the database; it may not wait for
   * anything else, as PGlite serves one transaction at a time. Throws CommitUnknownError when the connection died in COMMIT,
   * OmpayError `databaseUnavailable` when the database stays away or refuses each time.
   */
  transaction<T>(work: Work<T>): Promise<T>;
  /** Throws OmpayError `databaseUnavailable` when the database does not answer in time. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

interface Family {
  readonly dialect: Dialect;
  readonly writer: SqlWriter;
  readonly sessions: (settings: DatabaseSettings, clock: Clock) => SessionPool;
}

const postgresql: Family = {
  dialect: postgresqlDialect,
  sessions: postgresqlSessions,
  writer: {
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (kysely) => new PostgresIntrospector(kysely),
  },
};

const mysql: Family = {
  dialect: mysqlDialect,
  sessions: mysqlSessions,
  writer: {
    createQueryCompiler: () => new MysqlQueryCompiler(),
    createAdapter: () => new MysqlAdapter(),
    createIntrospector: (kysely) => new MysqlIntrospector(kysely),
  },
};

const FAMILIES: Readonly<Record<ConnectionKind, Family>> = {
  pglite: postgresql,
  pgsql: postgresql,
  mysql,
  mariadb: mysql,
};

/** Connects at the first statement. A database that restarts is met again without help, within `connectWaitMs`. */
export function openDatabase(
  settings: DatabaseSettings,
  clock: Clock = systemClock,
  observer: DatabaseObserver = NO_OBSERVER,
): Database {
  const { dialect, sessions, writer } = FAMILIES[settings.connection];
  const limits = {
    clock,
    connectWaitMs: settings.connectWaitMs ?? CONNECT_WAIT_MS,
    address: addressOf(settings),
    observer,
  };
  const open = (pool: SessionPool, wait: WaitLimits): Kysely<Schema> =>
    new Kysely<Schema>({ dialect: { ...writer, createDriver: () => driverOf(pool, wait) } });
  const primary = sessions(settings, clock);
  const kysely = open(primary, limits);
  const replica = replicaSettings(settings);
  // The metrics' pool is the primary's.
  const stale =
    replica === undefined
      ? kysely
      : open(replicaFirst(sessions(replica, clock), primary, clock), { ...limits, observer: NO_OBSERVER });
  return {
    kysely,
    stale,
    dialect,
    transaction: (work) => runTransaction({ kysely, dialect, clock, observer }, work),
    ping: async (timeoutMs) => {
      const answer = kysely.selectNoFrom(sql`1`.as('one')).execute();
      await withinTime(answer, { clock, limitMs: timeoutMs, what: 'a ping' }).catch((cause: unknown) => {
        throw silent(limits.address, cause);
      });
    },
    close: async () => {
      await stale.destroy();
      await kysely.destroy();
    },
  };
}

function silent(address: string, cause: unknown): OmpayError {
  return new OmpayError('databaseUnavailable', `the database at ${address} does not answer`, {
    hint: 'see that it runs; locally: ompay status',
    cause,
  });
}
