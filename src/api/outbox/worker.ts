import type { ApiSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import type { RedisLink } from '../redis/link.ts';
import { type DeliveryParts, deliverHanded } from './delivery.ts';
import { type Dispatcher, startDispatcher } from './dispatcher.ts';
import { announceWorker, startRelay } from './relay.ts';

const ANNOUNCE_MS = 1_000;
/** A delivery under way ends within the gateway's own limit. */
const DRAIN_MS = 10_000;

export interface MessageParts extends DeliveryParts {
  readonly settings: Pick<ApiSettings, 'redis'>;
  readonly redis: RedisLink;
}

/** What an API process does about waiting messages: hands them to workers where there is a queue, else delivers them. */
export async function startMessages(parts: MessageParts): Promise<Dispatcher> {
  const { redis } = parts.settings;
  if (redis === null || !redis.uses.queue) return startDispatcher(parts);
  const { openJobQueue } = await import('./jobs.ts');
  const queue = openJobQueue(redis, parts.clock);
  return startRelay({ ...parts, queue, prefix: redis.prefix });
}

/** What a worker does: delivers what it is handed where there is a queue, else reads the outbox itself. */
export async function startWorker(parts: MessageParts, concurrency: number): Promise<Dispatcher> {
  const { redis } = parts.settings;
  if (redis === null || !redis.uses.queue) return startDispatcher(parts);
  const { startJobWorker } = await import('./jobs.ts');
  const { clock, log } = parts;
  const worker = startJobWorker(redis, (handed) => deliverHanded(parts, handed), {
    concurrency,
    clock,
    onError: (error) => log.warn({ err: error }, 'the queue of messages is disturbed'),
  });
  const stopping = new AbortController();
  const announcing = announceUntil({ ...parts, prefix: redis.prefix }, clock, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await Promise.all([announcing, worker.close(DRAIN_MS)]);
    },
  };
}

async function announceUntil(
  presence: Parameters<typeof announceWorker>[0],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await announceWorker(presence);
    await clock.sleep(ANNOUNCE_MS, signal).catch(() => {});
  }
}
