import type { ApiSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { deriveRing } from '../auth/keys.ts';
import { openDatabase } from '../db/open.ts';
import { createLogger, type Logger } from '../log.ts';
import { linkRedis } from '../redis/link.ts';
import { createDriver } from './drivers.ts';
import { startWorker } from './worker.ts';

/** Deliveries mostly wait for the gateway. */
export const WORKER_CONCURRENCY = 8;

export interface WorkerProcess {
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Messages under way at once. */
  readonly concurrency: number;
}

/** The worker as a process of its own, with a log in its name. */
export async function runWorkerProcess(
  { settings, clock, concurrency }: Omit<WorkerProcess, 'log'>,
  stop: AbortSignal,
): Promise<void> {
  const { release, environment } = settings;
  const identity = { name: 'ompay-worker', release, environment } as const;
  // A line that cannot be written is missing in the log, which says so itself.
  const log = createLogger(settings.log, { clock, identity, onDropped: () => {} });
  await runWorker({ settings, clock, log, concurrency }, stop);
}

/** Delivers messages until `stop` is aborted, then ends what is under way. Throws `databaseUnavailable`. */
export async function runWorker(
  { settings, clock, log, concurrency }: WorkerProcess,
  stop: AbortSignal,
): Promise<void> {
  const database = openDatabase(settings.database, clock);
  const redis = await linkRedis(settings.redis, clock, log);
  try {
    await database.ping(settings.database.statementTimeoutMs);
    const [key, deliver] = [deriveRing(settings, 'outbox'), createDriver(settings.sms)];
    const worker = await startWorker({ settings, database, redis, clock, log, key, deliver }, concurrency);
    log.info({ concurrency }, 'working');
    if (!stop.aborted)
      await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
    await worker.stop();
    log.info('stopped');
  } finally {
    await redis.close();
    await database.close();
  }
}
