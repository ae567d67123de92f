import { availableParallelism } from 'node:os';
import type { QuerySession } from './proof.ts';

/** A question of a proof keeps one core of the server busy; more than a few would fight for its memory. */
const MOST = 4;

export function sessionsForProof(): number {
  return Math.min(MOST, availableParallelism());
}

/** Sessions of one server as one, that answers as many questions side by side; further ones wait for the first that is free. */
export function severalSessions(sessions: readonly QuerySession[]): QuerySession {
  const idle = [...sessions];
  const waiting: ((session: QuerySession) => void)[] = [];
  const giveBack = (session: QuerySession): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(session);
    else next(session);
  };
  return {
    atOnce: sessions.length,
    rows: async (sql, parameters) => {
      const session = idle.pop() ?? (await new Promise<QuerySession>((resolve) => waiting.push(resolve)));
      try {
        return await session.rows(sql, parameters);
      } finally {
        giveBack(session);
      }
    },
  };
}
