import type { DatabaseConnection, Driver } from 'kysely';
import { CompiledQuery } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { withinTime } from './time-limit.ts';

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
}

const CONNECT_AGAIN_AFTER_MS = 25;

/** Kysely's view of a pool. A caller that needs a connection waits while the server restarts, within the limit. */
export function driverOf(pool: SessionPool, limits: WaitLimits): Driver {
  return {
    init: async () => {},
    acquireConnection: () => connectWithin(pool, limits),
    beginTransaction: (session: Session) => run(session, 'begin'),
    commitTransaction: (session: Session) => run(session, 'commit'),
    rollbackTransaction: (session: Session) => run(session, 'rollback'),
    releaseConnection: async (session: Session) => session.release(),
    destroy: () => pool.end(),
  };
}

async function run(session: Session, statement: string): Promise<void> {
  await session.executeQuery(CompiledQuery.raw(statement));
}

async function connectWithin(pool: SessionPool, limits: WaitLimits): Promise<Session> {
  const deadlineMs = limits.clock.monotonicMs() + limits.connectWaitMs;
  for (;;) {
    try {
      const leftMs = Math.max(1, deadlineMs - limits.clock.monotonicMs());
      return await connectOnce(pool, limits, leftMs);
    } catch (error) {
      if (limits.clock.monotonicMs() + CONNECT_AGAIN_AFTER_MS >= deadlineMs) throw unavailable(limits, error);
      await limits.clock.sleep(CONNECT_AGAIN_AFTER_MS);
    }
  }
}

/** A connection that arrives after its caller gave up goes back to the pool. */
async function connectOnce(pool: SessionPool, { clock }: WaitLimits, limitMs: number): Promise<Session> {
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

/** Nothing streams rows: a cursor would hold a connection, and on PGlite the whole database, while its reader waits. */
export function refuseStreaming(): never {
  throw new Error('streaming is not supported: read by pages');
}
