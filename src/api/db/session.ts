import type { DatabaseConnection, Driver, QueryResult } from 'kysely';
import { CompiledQuery } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { ConnectionLostError } from './errors.ts';
import type { DatabaseObserver } from './observer.ts';
import { TimeLimitError, withinTime } from './time-limit.ts';
import { isUntrusted } from './tls.ts';

/** One connection while it is lent out. Its statements throw ConnectionLostError once the connection is dead. */
export interface Session extends DatabaseConnection {
  /** Gives it back; a dead one is thrown away, so nobody is handed it again. */
  release(): void;
}

export interface SessionPool {
  /** One attempt: an idle connection or a new one; throws the driver's error. */
  connect(): Promise<Session>;
  end(): Promise<void>;
}

export interface WaitLimits {
  readonly clock: Clock;
  readonly connectWaitMs: number;
  /** For the message when the wait was in vain. */
  readonly address: string;
  readonly observer: DatabaseObserver;
}

const CONNECT_AGAIN_AFTER_MS = 25;

/** Kysely's view of a pool. A caller that needs a connection waits while the server restarts, within the limit. */
export function driverOf(pool: SessionPool, limits: WaitLimits): Driver {
  const reconnect = (): Promise<Session> => connectWithin(pool, limits);
  return {
    init: async () => {},
    acquireConnection: async () => lendReadingAgain(await observed(reconnect, limits), reconnect),
    beginTransaction: (session: Lent) => session.begin(),
    commitTransaction: (session: Lent) => session.end('commit'),
    rollbackTransaction: (session: Lent) => session.end('rollback'),
    releaseConnection: async (session: Lent) => {
      session.release();
      limits.observer.returned();
    },
    destroy: () => pool.end(),
  };
}

/** Of a connection found dead and replaced, only the first is told of: one caller holds one. */
async function observed(connect: () => Promise<Session>, limits: WaitLimits): Promise<Session> {
  const { clock, observer } = limits;
  const startedMs = clock.monotonicMs();
  observer.asked();
  try {
    const session = await connect();
    observer.lent(clock.monotonicMs() - startedMs);
    return session;
  } catch (error) {
    observer.refused(clock.monotonicMs() - startedMs);
    throw error;
  }
}

interface Lent extends Session {
  begin(): Promise<void>;
  end(how: 'commit' | 'rollback'): Promise<void>;
}

/**
 * A connection found dead under a SELECT of its own, outside a transaction, is replaced, and the SELECT is sent again,
 * once: reads outlive a restart of the server. Whatever writes is the caller's to repeat.
 */
function lendReadingAgain(first: Session, reconnect: () => Promise<Session>): Lent {
  let session = first;
  let inTransaction = false;
  const execute = async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
    try {
      return await session.executeQuery(query);
    } catch (error) {
      if (inTransaction || query.query.kind !== 'SelectQueryNode' || !diedUnasked(error)) throw error;
      // First given back: it may hold the pool's last place.
      session.release();
      session = NO_SESSION;
      session = await reconnect();
      return session.executeQuery(query);
    }
  };
  return {
    executeQuery: execute,
    streamQuery: refuseStreaming,
    release: () => session.release(),
    begin: async () => {
      await execute(CompiledQuery.raw('begin'));
      inTransaction = true;
    },
    end: async (how) => {
      await execute(CompiledQuery.raw(how));
      inTransaction = false;
    },
  };
}

/** Stands where no new connection could be had. */
const NO_SESSION: Session = {
  executeQuery: async () => {
    throw new ConnectionLostError('none could be had in its place');
  },
  streamQuery: refuseStreaming,
  release: () => {},
};

/** Not by reaching the time limit: a slow statement sent again would be as slow. */
function diedUnasked(error: unknown): boolean {
  return error instanceof ConnectionLostError && !(error.cause instanceof TimeLimitError);
}

/** Nothing streams rows: a cursor would hold a connection, and on PGlite the whole database, while its reader waits. */
export function refuseStreaming(): never {
  throw new Error('streaming is not supported: read by pages');
}

async function connectWithin(pool: SessionPool, limits: WaitLimits): Promise<Session> {
  const deadlineMs = limits.clock.monotonicMs() + limits.connectWaitMs;
  for (;;) {
    try {
      const leftMs = Math.max(1, deadlineMs - limits.clock.monotonicMs());
      return await connectOnce(pool, limits.clock, leftMs);
    } catch (error) {
      if (isUntrusted(error)) throw untrusted(limits, error);
      if (limits.clock.monotonicMs() + CONNECT_AGAIN_AFTER_MS >= deadlineMs) throw unavailable(limits, error);
      await limits.clock.sleep(CONNECT_AGAIN_AFTER_MS);
    }
  }
}

/** A connection that arrives after its caller gave up goes back to the pool. */
export async function connectOnce(pool: SessionPool, clock: Clock, limitMs: number): Promise<Session> {
  const attempt = pool.connect();
  try {
    return await withinTime(attempt, { clock, limitMs, what: 'a connection' });
  } catch (error) {
    attempt.then(
      (session) => session.release(),
      () => {},
    );
    throw error;
  }
}

function untrusted(limits: WaitLimits, cause: unknown): OmpayError {
  return new OmpayError(
    'databaseUnavailable',
    `the database at ${limits.address} does not prove by TLS who it is: ${messageOf(cause)}`,
    {
      hint: 'see that DB_TLS_CA holds the authority that signed its certificate, and that the certificate names DB_HOST',
      cause,
    },
  );
}

function unavailable(limits: WaitLimits, cause: unknown): OmpayError {
  return new OmpayError(
    'databaseUnavailable',
    `the database at ${limits.address} gave no connection within ${limits.connectWaitMs} ms: ${messageOf(cause)}`,
    {
      hint: 'see that it runs (locally: ompay status) and that DB_HOST, DB_USERNAME and DB_PASSWORD are right',
      cause,
    },
  );
}
