import type { Kysely } from 'kysely';
import type { Database } from '../db/open.ts';
import type { Schema } from '../db/schema.ts';
import { gather } from './gather.ts';

export interface Counted {
  readonly key: string;
  /** Start of the window, epoch milliseconds. */
  readonly startMs: number;
}

/** Counters that all processes share, kept in the database. */
export interface DatabaseCounts {
  /** Counts one more, durably, and gives how many the window has now. */
  count(counted: Counted): Promise<number>;
}

const MAX_BATCH = 256;

/** One row a key, used anew in each window. One transaction at a time counts all that came meanwhile. */
export function createDatabaseCounts(database: Database): DatabaseCounts {
  const count = gather((counted: readonly Counted[]) => countAll(database, counted), {
    maxBatch: MAX_BATCH,
    atOnce: 1,
  });
  return { count };
}

interface Window {
  startMs: number;
  count: number;
}

function countAll({ dialect, transaction }: Database, counted: readonly Counted[]): Promise<number[]> {
  // In one order everywhere, so that two processes lock rows in the same order.
  const keys = [...new Set(counted.map(({ key }) => key))].toSorted();
  return transaction(async (trx) => {
    const absent = keys.map((key) => rowOf(key, { startMs: 0, count: 0 }));
    await dialect.upsertRows(trx, 'attempt_counters', absent, { key: ['counter_key'], set: ['counter_key'] });
    const windows = await lockWindows(trx, keys);
    const counts = counted.map((each) => countOne(windows, each));
    await dialect.upsertRows(
      trx,
      'attempt_counters',
      [...windows].map(([key, window]) => rowOf(key, window)),
      { key: ['counter_key'], set: ['window_start_ms', 'count'] },
    );
    return counts;
  });
}

async function lockWindows(trx: Kysely<Schema>, keys: readonly string[]): Promise<Map<string, Window>> {
  const rows = await trx
    .selectFrom('attempt_counters')
    .selectAll()
    .where('counter_key', 'in', keys)
    .orderBy('counter_key')
    .forUpdate()
    .execute();
  return new Map(rows.map((row) => [row.counter_key, { startMs: row.window_start_ms, count: row.count }]));
}

/** A window that another process has already left for the next one is not gone back to: the next one counts. */
function countOne(windows: Map<string, Window>, { key, startMs }: Counted): number {
  const kept = windows.get(key);
  const window = kept !== undefined && kept.startMs >= startMs ? kept : { startMs, count: 0 };
  window.count += 1;
  windows.set(key, window);
  return window.count;
}

function rowOf(key: string, { startMs, count }: Window) {
  return { counter_key: key, window_start_ms: startMs, count };
}
