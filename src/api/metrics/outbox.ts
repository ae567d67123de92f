import type { Kysely } from 'kysely';
import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../core/clock.ts';
import type { Schema } from '../db/schema.ts';
import { withinTime } from '../db/time-limit.ts';
import { MAX_ATTEMPTS, WAITING_WARNING } from '../outbox/queue.ts';

/** What still has to leave. */
export interface Backlog {
  /** Counted up to 1001. */
  readonly waiting: number;
  /** Of the oldest among those counted; 0 when none waits. */
  readonly oldestMs: number;
}

/** A scrape must be answered also while the database hangs; Prometheus gives up after 10 s. */
const LIMIT_MS = 1_000;

export async function readBacklog(kysely: Kysely<Schema>, clock: Clock): Promise<Backlog> {
  const query = kysely
    .selectFrom('outbox')
    .select('created_at_ms')
    .where('delivered_at_ms', '=', 0)
    .where('attempts', '<', MAX_ATTEMPTS)
    .limit(WAITING_WARNING + 1)
    .execute();
  const rows = await withinTime(query, { clock, limitMs: LIMIT_MS, what: 'counting the outbox' });
  const now = clock.now();
  const oldestMs = rows.reduce((oldest, row) => Math.max(oldest, now - row.created_at_ms), 0);
  return { waiting: rows.length, oldestMs };
}

/** NaN while the database is away: what is not known is not shown as 0. */
export function showBacklog(registry: Registry, backlog: () => Promise<Backlog>): void {
  const registers = [registry];
  const read = once(() => backlog().catch(() => UNKNOWN));
  new Gauge({
    name: 'ompay_outbox_waiting',
    help: 'Messages not delivered yet, counted up to 1001; NaN while the database is away.',
    registers,
    async collect() {
      this.set((await read()).waiting);
    },
  });
  new Gauge({
    name: 'ompay_outbox_oldest_seconds',
    help: 'Age of the oldest message not delivered yet; NaN while the database is away.',
    registers,
    async collect() {
      this.set((await read()).oldestMs / 1000);
    },
  });
}

const UNKNOWN: Backlog = { waiting: Number.NaN, oldestMs: Number.NaN };

/** Those who ask at the same moment share one reading. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}
