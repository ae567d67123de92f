import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { ConnectionLostError } from './errors.ts';
import { connectOnce, type Session, type SessionPool } from './session.ts';
import type { DatabaseSettings } from './settings.ts';

const CONNECT_WITHIN_MS = 250;
/** The primary answers whoever waited in vain, so less than a whole statement may take there. */
const ANSWER_WITHIN_MS = 1_000;
/** After a failure; in that time everybody asks the primary. */
const AVOIDED_MS = 2_000;

/** Where the replica is and how long it may take; undefined without one. */
export function replicaSettings(settings: DatabaseSettings): DatabaseSettings | undefined {
  const { replica, statementTimeoutMs } = settings;
  if (replica === undefined) return undefined;
  return {
    ...settings,
    socketPath: replica.socketPath,
    host: replica.host,
    port: replica.port,
    statementTimeoutMs: Math.min(ANSWER_WITHIN_MS, statementTimeoutMs),
  };
}

/** Lends connections to the replica, and to the primary while the replica is away or slow. For reads alone. */
export function replicaFirst(replica: SessionPool, primary: SessionPool, clock: Clock): SessionPool {
  let avoidedUntilMs = 0;
  const avoid = (): void => {
    avoidedUntilMs = clock.monotonicMs() + AVOIDED_MS;
  };
  return {
    connect: async () => {
      if (clock.monotonicMs() < avoidedUntilMs) return primary.connect();
      try {
        return watched(await connectOnce(replica, clock, CONNECT_WITHIN_MS), avoid);
      } catch {
        avoid();
        return primary.connect();
      }
    },
    end: () => replica.end(),
  };
}

/** A read that the replica did not answer is lost as by a dead connection, whatever the cause: then it is sent again. */
function watched(session: Session, avoid: () => void): Session {
  return {
    ...session,
    executeQuery: async (query) => {
      try {
        return await session.executeQuery(query);
      } catch (error) {
        if (!(error instanceof ConnectionLostError)) throw error;
        avoid();
        throw new ConnectionLostError(new Error(messageOf(error.cause)));
      }
    },
  };
}
