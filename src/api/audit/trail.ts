import type { Clock } from '../../core/clock.ts';
import type { Database } from '../db/open.ts';
import type { AuditEvent } from './event.ts';
import { writeAudit } from './write.ts';

/** For what has no transaction of its own: refusals above all. */
export interface AuditTrail {
  /** Ends once the event is durable. Those of the moment are written together. Throws when the database is away. */
  record(event: AuditEvent): Promise<void>;
  /**
   * The same, at most once a minute for a name in this process, for what somebody can cause without end at no cost.
   * @param name what is alike, for example the action and the user's id.
   */
  recordSeldom(name: string, event: AuditEvent): Promise<void>;
}

const MOST_TOGETHER = 256;
const SELDOM_MS = 60_000;
/** Past this many, all are forgotten: a few events more are better than memory without end. */
const MOST_NAMES = 10_000;

interface Waiting {
  readonly event: AuditEvent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One transaction at a time, for whatever waits then: a flood of refusals is no flood of transactions. */
export function createAuditTrail(database: Database, clock: Clock): AuditTrail {
  const queue: Waiting[] = [];
  const lastMs = new Map<string, number>();
  let working = false;

  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    const events = batch.map(({ event }) => event);
    try {
      await database.transaction((trx) => writeAudit(trx, database.dialect, events, clock.now()));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    while (queue.length > 0) await settle(queue.splice(0, MOST_TOGETHER));
    working = false;
  };

  const record = (event: AuditEvent): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.push({ event, resolve, reject });
    void work();
    return promise;
  };

  return {
    record,
    recordSeldom: async (name, event) => {
      const now = clock.monotonicMs();
      const last = lastMs.get(name);
      if (last !== undefined && now - last < SELDOM_MS) return;
      if (lastMs.size >= MOST_NAMES) lastMs.clear();
      lastMs.set(name, now);
      await record(event);
    },
  };
}
