import { rmSync } from 'node:fs';
import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import type { ApiSettings, ListenSettings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { deriveKey } from './auth/keys.ts';
import { type Database, openDatabase } from './db/open.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createLedger } from './ledger/ledger.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { migrationStatus } from './migrations/runner.ts';
import { createDriver } from './outbox/drivers.ts';
import { countWaiting } from './outbox/queue.ts';
import { sealBody } from './outbox/seal.ts';
import { startMessages } from './outbox/worker.ts';
import { linkRedis } from './redis/link.ts';
import { buildServer } from './server.ts';
import type { Foundations } from './services.ts';

/** What was accepted may take this long to be answered; then its connections are cut. */
const DRAIN_MS = 10_000;

/**
 * Serves until `stop` is aborted, then drains: no new connections, what is in flight is answered, the ledger and the
 * pool are closed. Throws `configInvalid`, `checkBlocked` when migrations are missing, `databaseUnavailable`.
 */
export async function runApi(settings: ApiSettings, clock: Clock, stop: AbortSignal): Promise<void> {
  const log = createLogger(settings.log, clock);
  const database = openDatabase(settings.database, clock);
  const redis = await linkRedis(settings.redis, clock, log);
  try {
    await assertMigrated(database);
    const metrics = createMetrics(() => countWaiting(database.kysely));
    await serveUntil({ settings, clock, log, database, metrics, redis }, stop);
  } finally {
    await redis.close();
    await database.close();
  }
}

async function serveUntil(parts: Omit<Foundations, 'ledger'>, stop: AbortSignal): Promise<void> {
  const { settings, clock, log, database, metrics } = parts;
  const key = deriveKey(settings.key, 'outbox');
  const ledger = createLedger({
    db: database,
    clock,
    sealMessage: (body) => sealBody(key, body),
    onBatch: ({ requests }) => metrics.observeBatch(requests),
    onError: (error) => log.error({ err: error }, 'a batch of the ledger failed'),
  });
  const server = buildServer({ ...parts, ledger });
  await server.listen(freePlace(settings.listen));
  log.info({ release: settings.release, listen: settings.listen }, 'serving');
  const messages = await startMessages({ ...parts, key, deliver: createDriver(settings.sms) });
  const housekeeper = startHousekeeping({ database, ledger, clock, log });
  await aborted(stop);
  log.info('draining');
  await closeWithin(server, clock, DRAIN_MS);
  await Promise.all([messages.stop(), housekeeper.stop()]);
  await ledger.close();
  log.info('stopped');
}

/** A socket file left by a process that was killed is removed: the supervisor runs one process a slot. */
function freePlace(settings: ListenSettings): FastifyListenOptions {
  if (settings.kind === 'tcp') return { host: settings.host, port: settings.port };
  rmSync(settings.path, { force: true });
  return { path: settings.path };
}

async function assertMigrated(database: Database): Promise<void> {
  const { pending } = await migrationStatus(database, MIGRATIONS);
  if (pending.length === 0) return;
  throw new OmpayError('checkBlocked', `the database lacks the migrations ${pending.join(', ')}`, {
    hint: 'ompay migrate up',
  });
}

/** Ends when every answer is out; past the limit, the connections that are left are cut. */
export async function closeWithin(server: FastifyInstance, clock: Clock, limitMs: number): Promise<void> {
  const done = new AbortController();
  const cut = clock.sleep(limitMs, done.signal).then(
    () => server.server.closeAllConnections(),
    () => {},
  );
  await server.close();
  done.abort();
  await cut;
}

/** A signal that came while the process started fires no event any more. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
