import type { OutboxRow } from '../db/schema.ts';
import { type DeliveryParts, deliverRow, LEASE_MS, markDelivered } from './delivery.ts';
import { MAX_ATTEMPTS } from './queue.ts';

export const BATCH = 100;
const POLL_MS = 500;
/** Deliveries under way at once. */
const CONCURRENCY = 8;

export interface Dispatcher {
  /** Ends after the batch under way; nothing is lost, leases run out. */
  stop(): Promise<void>;
}

/** Delivers what waits, again and again, until it is stopped. Any number of processes may do so on one database. */
export function startDispatcher(
  parts: DeliveryParts & {
    /** Given by a caller who hands messages on instead. */
    readonly turn?: () => Promise<number>;
  },
): Dispatcher {
  const stopping = new AbortController();
  const running = dispatchUntil(parts, parts.turn ?? (() => dispatchOnce(parts)), stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function dispatchUntil(
  { clock, log }: DeliveryParts,
  turn: () => Promise<number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const sent = await turn().catch((error: unknown) => {
      log.error({ err: error }, 'the outbox could not be read');
      return 0;
    });
    if (sent < BATCH) await clock.sleep(POLL_MS, signal).catch(() => {});
  }
}

/** Leases and delivers one batch; gives its size. Each message is delivered at least once. */
export async function dispatchOnce(parts: DeliveryParts): Promise<number> {
  const leased = await lease(parts);
  const delivered: string[] = [];
  const waiting = [...leased];
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        if (await deliverRow(parts, row)) delivered.push(row.id);
      }
    }),
  );
  await markDelivered(parts, delivered);
  return leased.length;
}

/** Rows are locked only while they are marked as leased. */
function lease({ database, clock }: DeliveryParts): Promise<readonly OutboxRow[]> {
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

function idsOf(rows: readonly OutboxRow[]): readonly string[] {
  return rows.map(({ id }) => id);
}
