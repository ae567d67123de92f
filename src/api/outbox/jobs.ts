import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { withinTime } from '../db/time-limit.ts';
import { connect, optionsOf } from '../redis/connect.ts';
import type { Handed } from './delivery.ts';

const QUEUE = 'outbox';
const HAND_LIMIT_MS = 2_000;
/** Done jobs are kept for those who look; the rest of what happened is in the outbox. */
const KEPT_JOBS = { age: 3_600, count: 1_000 };
/** A job that failed is removed: the outbox hands the message on again under the same name. */
const JOB_OPTIONS = { removeOnComplete: KEPT_JOBS, removeOnFail: true, attempts: 1 };
const RECONNECT_MS = 500;

/** The way to those who deliver: BullMQ's queue in Redis. Jobs name messages and hold nothing of them. */
export interface JobQueue {
  /** Throws when Redis does not take them in time. A try that is in the queue already is not put there twice. */
  hand(handed: readonly Handed[]): Promise<void>;
  close(): Promise<void>;
}

export function openJobQueue(settings: RedisSettings, clock: Clock): JobQueue {
  const connection = connect(settings);
  // What goes wrong is told by the calls; the link of this process tells of Redis itself.
  connection.on('error', () => {});
  const queue = new Queue(QUEUE, { connection, prefix: prefixOf(settings), skipWaitingForReady: true });
  queue.on('error', () => {});
  return {
    async hand(handed) {
      const jobs = handed.map(({ id, attempts }) => ({
        name: 'deliver',
        data: { id, attempts },
        opts: { ...JOB_OPTIONS, jobId: `${id}-${attempts}` },
      }));
      const added = queue.addBulk(jobs);
      await withinTime(added, { clock, limitMs: HAND_LIMIT_MS, what: 'handing messages to workers' });
    },
    async close() {
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
    removeOnComplete: KEPT_JOBS,
    removeOnFail: { count: 0 },
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

function prefixOf({ prefix }: RedisSettings): string {
  return `${prefix}:queue`;
}
