import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { withinTime } from '../db/time-limit.ts';
import { optionsOf } from '../redis/connect.ts';
import type { Handed } from './delivery.ts';

const QUEUE = 'outbox';
const HAND_LIMIT_MS = 2_000;
/** Nothing is kept of a job: the outbox says what became of a message, and may hand a try on again by its name. */
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true, attempts: 1 };
const RECONNECT_MS = 500;

/** The way to those who deliver: BullMQ's queue in Redis. Jobs name messages and hold nothing of them. */
export interface JobQueue {
  /** Throws when Redis does not take them in time. A try that is in the queue already is not put there twice. */
  hand(handed: readonly Handed[]): Promise<void>;
  close(): Promise<void>;
}

/** Connects at the first use; after a failure the next use begins anew. */
export function openJobQueue(settings: RedisSettings, clock: Clock): JobQueue {
  let queue: OpenQueue | undefined;
  const drop = async (): Promise<void> => {
    const dropped = queue;
    queue = undefined;
    await dropped?.end();
  };
  return {
    async hand(handed) {
      queue ??= connectQueue(settings);
      const added = queue.add(handed);
      try {
        await withinTime(added, { clock, limitMs: HAND_LIMIT_MS, what: 'handing messages to workers' });
      } catch (error) {
        await drop();
        throw error;
      }
    },
    close: drop,
  };
}

interface OpenQueue {
  add(handed: readonly Handed[]): Promise<unknown>;
  end(): Promise<void>;
}

function connectQueue(settings: RedisSettings): OpenQueue {
  const connection = new Redis(redisOptions(settings));
  const queue = new Queue(QUEUE, { connection, prefix: prefixOf(settings) });
  // What goes wrong is told by the calls; the link of this process tells of Redis itself.
  for (const each of [connection, queue]) each.on('error', () => {});
  return {
    add: (handed) =>
      queue.addBulk(
        handed.map(({ id, attempts }) => ({
          name: 'deliver',
          data: { id, attempts },
          opts: { ...JOB_OPTIONS, jobId: `${id}-${attempts}` },
        })),
      ),
    async end() {
      connection.disconnect();
      await queue.close().catch(() => {});
    },
  };
}

export interface JobWorker {
  /** Ends when the jobs under way are done, or at `limitMs`: those are tried again by another. */
  close(limitMs: number): Promise<void>;
}

export function startJobWorker(
  settings: RedisSettings,
  deliver: (handed: Handed) => Promise<void>,
  parts: {
    readonly concurrency: number;
    readonly clock: Clock;
    readonly onError: (error: unknown) => void;
  },
): JobWorker {
  const connection = new Redis({
    ...optionsOf(settings),
    replyMapping: 'legacy',
    maxRetriesPerRequest: null,
  });
  connection.on('error', () => {});
  const worker = new Worker(QUEUE, (job: Job<Handed>) => deliver(job.data), {
    connection,
    prefix: prefixOf(settings),
    concurrency: parts.concurrency,
    runRetryDelay: RECONNECT_MS,
  });
  worker.on('error', parts.onError);
  worker.on('failed', (_job, error) => parts.onError(error));
  return {
    async close(limitMs) {
      const { clock } = parts;
      const closed = withinTime(worker.close(), { clock, limitMs, what: 'the jobs under way' });
      await closed.catch(() => {});
      connection.disconnect();
    },
  };
}

/** BullMQ waits for its connections and asks that they keep what waits; the limits above bound it. */
function redisOptions(settings: RedisSettings) {
  return { ...optionsOf(settings), replyMapping: 'legacy', maxRetriesPerRequest: null } as const;
}

function prefixOf({ prefix }: RedisSettings): string {
  return `${prefix}:queue`;
}
