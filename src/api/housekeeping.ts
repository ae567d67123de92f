import type { Clock } from '../core/clock.ts';
import type { Database } from './db/open.ts';
import { expireHolds } from './ledger/sweep.ts';
import type { Ledger } from './ledger/types.ts';
import type { Logger } from './log.ts';

/** With the batch, 2,000 expired rows a minute: more than are made. */
const PERIOD_MS = 30_000;
/** Rows removed by one statement: a long lock would hold up the sessions of everyone. */
const BATCH = 1_000;
/** The longest window of attempts is an hour. */
const COUNTERS_KEPT_MS = 24 * 3_600_000;
/** Expired codes are answered like unknown ones; what was paid stays in `transfer_claims`. */
const QR_CODES_KEPT_MS = 24 * 3_600_000;
/** A delivered message is kept for questions of its receiver; locally, for the newcomer who reads it there. */
const MESSAGES_KEPT_MS = 30 * 24 * 3_600_000;

export interface Housekeeper {
  stop(): Promise<void>;
}

/** Removes what has expired, and ends what is overdue, until it is stopped. Any number of processes may do so on one database. */
export function startHousekeeping(parts: HousekeepingParts): Housekeeper {
  const stopping = new AbortController();
  const running = keepHouse(parts, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export interface HousekeepingParts {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
}

async function keepHouse(
  { database, ledger, clock, log }: HousekeepingParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await removeExpired(database, clock.now()).catch((error: unknown) =>
      log.error({ err: error }, 'expired rows could not be removed'),
    );
    await expireHolds(ledger, database.kysely, clock.now()).catch((error: unknown) =>
      log.error({ err: error }, 'overdue operations could not be expired'),
    );
    await clock.sleep(PERIOD_MS, signal).catch(() => {});
  }
}

/** One batch of each kind; what is left waits for the next time. */
export async function removeExpired(database: Database, now: number): Promise<void> {
  const { kysely } = database;
  const sessions = await kysely
    .selectFrom('sessions')
    .select('token_hash as key')
    .where('expires_at_ms', '<', now)
    .limit(BATCH)
    .execute();
  const counters = await kysely
    .selectFrom('attempt_counters')
    .select('counter_key as key')
    .where('window_start_ms', '<', now - COUNTERS_KEPT_MS)
    .limit(BATCH)
    .execute();
  const messages = await kysely
    .selectFrom('outbox')
    .select('id as key')
    .where('delivered_at_ms', '>', 0)
    .where('delivered_at_ms', '<', now - MESSAGES_KEPT_MS)
    .limit(BATCH)
    .execute();
  const codes = await kysely
    .selectFrom('qr_codes')
    .select('code as key')
    .where('expires_at_ms', '<', now - QR_CODES_KEPT_MS)
    .limit(BATCH)
    .execute();
  // The empty key belongs to no row; it makes a list of keys that SQL accepts.
  await kysely.deleteFrom('sessions').where('token_hash', 'in', keysOf(sessions)).execute();
  await kysely.deleteFrom('attempt_counters').where('counter_key', 'in', keysOf(counters)).execute();
  await kysely.deleteFrom('qr_codes').where('code', 'in', keysOf(codes)).execute();
  await kysely.deleteFrom('outbox').where('id', 'in', keysOf(messages)).execute();
}

function keysOf(rows: readonly { readonly key: string }[]): readonly string[] {
  return ['', ...rows.map(({ key }) => key)];
}
