import type { RedisLink } from '../redis/link.ts';
import type { DeliveryParts, Handed } from './delivery.ts';
import { BATCH, type Dispatcher, dispatchOnce, startDispatcher } from './dispatcher.ts';
import type { JobQueue } from './jobs.ts';
import { MAX_ATTEMPTS } from './queue.ts';

/** What nobody began to deliver by then is handed on again: Redis may have lost it. */
const HANDED_MS = 10_000;
const PRESENCE_MS = 3_000;

export interface RelayParts extends DeliveryParts {
  readonly redis: RedisLink;
  readonly queue: JobQueue;
  /** Of the keys in Redis. */
  readonly prefix: string;
}

/**
 * Hands what waits in the outbox to workers through Redis. While Redis is away, or no worker is there, delivers it
 * here, so that no message waits for either. Any number of processes may do so on one database.
 */
export function startRelay(parts: RelayParts): Dispatcher {
  const relay = startDispatcher({ ...parts, turn: () => relayOnce(parts) });
  return {
    async stop() {
      await relay.stop();
      await parts.queue.close();
    },
  };
}

/** Gives how many messages were handed on or delivered. */
export async function relayOnce(parts: RelayParts): Promise<number> {
  if (!(await hasWorkers(parts))) return dispatchOnce(parts);
  const due = await readDue(parts);
  if (due.length === 0) return 0;
  try {
    await parts.queue.hand(due);
  } catch (error) {
    parts.log.warn({ err: error }, 'messages could not be handed to workers');
    return dispatchOnce(parts);
  }
  await markHanded(parts, due);
  return due.length;
}

/** A worker says that it is there, for PRESENCE_MS; to be repeated well before that. */
export async function announceWorker({ redis, prefix }: Pick<RelayParts, 'redis' | 'prefix'>): Promise<void> {
  await redis.ask((client) => client.set(presenceKey(prefix), '', 'PX', PRESENCE_MS));
}

async function hasWorkers({ redis, prefix }: RelayParts): Promise<boolean> {
  return (await redis.ask((client) => client.exists(presenceKey(prefix)))) === 1;
}

function presenceKey(prefix: string): string {
  return `${prefix}:workers`;
}

function readDue({ database, clock }: RelayParts): Promise<readonly Handed[]> {
  return database.kysely
    .selectFrom('outbox')
    .select(['id', 'attempts'])
    .where('delivered_at_ms', '=', 0)
    .where('available_at_ms', '<=', clock.now())
    .where('attempts', '<', MAX_ATTEMPTS)
    .orderBy('available_at_ms')
    .limit(BATCH)
    .execute();
}

/** Only what is still due: a worker that was quicker has set a later time already. */
async function markHanded({ database, clock }: RelayParts, handed: readonly Handed[]): Promise<void> {
  const now = clock.now();
  await database.kysely
    .updateTable('outbox')
    .set({ available_at_ms: now + HANDED_MS })
    .where(
      'id',
      'in',
      handed.map(({ id }) => id),
    )
    .where('delivered_at_ms', '=', 0)
    .where('available_at_ms', '<=', now)
    .execute();
}
