import type { Clock } from '../../core/clock.ts';
import type { Database } from '../db/open.ts';
import type { OutboxRow } from '../db/schema.ts';
import type { Logger } from '../log.ts';
import type { Deliver } from './drivers.ts';
import { MAX_ATTEMPTS } from './queue.ts';
import { openBody } from './seal.ts';

const BATCH = 100;
/** Longer than a whole batch may take, so that no second process sends what one is sending. */
const LEASE_MS = 120_000;
const POLL_MS = 500;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 3_600_000;
/** Deliveries under way at once. */
const CONCURRENCY = 8;

export interface DispatcherParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly key: Buffer;
  readonly deliver: Deliver;
  readonly log: Logger;
}

export interface Dispatcher {
  /** Ends after the batch under way; nothing is lost, leases run out. */
  stop(): Promise<void>;
}

/** Delivers what waits, again and again, until it is stopped. Any number of processes may do so on one database. */
export function startDispatcher(parts: DispatcherParts): Dispatcher {
  const stopping = new AbortController();
  const running = dispatchUntil(parts, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function dispatchUntil(parts: DispatcherParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const sent = await dispatchOnce(parts).catch((error: unknown) => {
      parts.log.error({ err: error }, 'the outbox could not be read');
      return 0;
    });
    if (sent < BATCH) await parts.clock.sleep(POLL_MS, signal).catch(() => {});
  }
}

/** Leases and delivers one batch; gives its size. Each message is delivered at least once. */
export async function dispatchOnce(parts: DispatcherParts): Promise<number> {
  const leased = await lease(parts);
  const delivered: string[] = [];
  const waiting = [...leased];
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        if (await deliverOne(parts, row)) delivered.push(row.id);
      }
    }),
  );
  await markDelivered(parts, delivered);
  return leased.length;
}

/** Rows are locked only while they are marked as leased. */
function lease({ database, clock }: DispatcherParts): Promise<readonly OutboxRow[]> {
  const now = clock.now();
  return database.transaction(async (trx) => {
    const rows = await trx
      .selectFrom('outbox')
      .selectAll()
      .where('delivered_at_ms', '=', 0)
      .where('available_at_ms', '<=', now)
      .where('attempts', '<', MAX_ATTEMPTS)
      .orderBy('available_at_ms')
      .limit(BATCH)
      .forUpdate()
      .execute();
    if (rows.length > 0) {
      await trx
        .updateTable('outbox')
        .set((column) => ({ available_at_ms: now + LEASE_MS, attempts: column('attempts', '+', 1) }))
        .where('id', 'in', idsOf(rows))
        .execute();
    }
    return rows;
  });
}

async function deliverOne(parts: DispatcherParts, row: OutboxRow): Promise<boolean> {
  const { id, channel, recipient } = row;
  try {
    await parts.deliver({ id, channel, recipient, body: openBody(parts.key, row.body_encrypted) });
    return true;
  } catch (error) {
    parts.log.warn({ err: error, message_id: id, attempts: row.attempts + 1 }, 'a message did not leave');
    await retryLater(parts, row);
    return false;
  }
}

async function retryLater({ database, clock }: DispatcherParts, row: OutboxRow): Promise<void> {
  const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** row.attempts);
  await database.kysely
    .updateTable('outbox')
    .set({ available_at_ms: clock.now() + waitMs })
    .where('id', '=', row.id)
    .execute();
}

async function markDelivered({ database, clock }: DispatcherParts, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await database.kysely
    .updateTable('outbox')
    .set({ delivered_at_ms: clock.now() })
    .where('id', 'in', ids)
    .execute();
}

function idsOf(rows: readonly OutboxRow[]): readonly string[] {
  return rows.map(({ id }) => id);
}
