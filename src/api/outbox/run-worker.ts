import type { ApiSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { deriveRing } from '../auth/keys.ts';
import { openDatabase } from '../db/open.ts';
import type { Logger } from '../log.ts';
import { linkRedis } from '../redis/link.ts';
import { createDriver } from './drivers.ts';
import { startWorker } from './worker.ts';

export interface WorkerProcess {
  readonly settings: ApiSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Messages under way at once. */
  readonly concurrency: number;
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
