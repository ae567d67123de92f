import { rmSync } from 'node:fs';
import type { FastifyListenOptions } from 'fastify';
import type { ApiSettings, ListenSettings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { startAnchoring } from './audit/anchor/keep.ts';
import { deriveRing } from './auth/keys.ts';
import { tellGaps } from './db/durability.ts';
import { type Database, openDatabase } from './db/open.ts';
import { drain } from './drain.ts';
import { startLoopMonitor } from './event-loop.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createLedger } from './ledger/ledger.ts';
import { createLogger } from './log.ts';
import { readBacklog } from './metrics/outbox.ts';
import { createMetrics } from './metrics.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { migrationStatus } from './migrations/runner.ts';
import { createDriver } from './outbox/drivers.ts';
import { sealBody } from './outbox/seal.ts';
import { startMessages } from './outbox/worker.ts';
import { createReadiness } from './readiness.ts';
import { linkRedis } from './redis/link.ts';
import { openReporter } from './sentry/open.ts';
import { buildServer } from './server.ts';
import type { Foundations } from './services.ts';
import { UncaughtError } from './uncaught.ts';

/**
 * Serves until `stop` is aborted, then drains (drain.ts). Throws `configInvalid`, `checkBlocked` when migrations are
 * missing, `databaseUnavailable`; once it has drained, the UncaughtError that it was stopped for, or `timeout` when
 * something did not end.
 */
export async function runApi(settings: ApiSettings, clock: Clock, stop: AbortSignal): Promise<void> {
  const { release, environment } = settings;
  const metrics = createMetrics({
    release,
    poolSize: settings.database.poolSize,
    backlog: () => readBacklog(database.kysely, clock),
    redisState: () => redis.state(),
  });
  const log = createLogger(settings.log, {
    clock,
    identity: { name: 'ompay-api', release, environment },
    onDropped: metrics.process.lineDropped,
  });
  const errors = await openReporter(settings, { clock, onOutcome: metrics.process.reported });
  const database = openDatabase(settings.database, clock, metrics.database);
  const loop = startLoopMonitor(metrics.process.delayed);
  const redis = await linkRedis(settings.redis, clock, log);
  const readiness = createReadiness({ database, clock, log, loopDelayMs: loop.meanDelayMs });
  try {
    await assertMigrated(database);
    await tellGaps(settings.database.connection, database, log);
    await serveUntil({ settings, clock, log, database, metrics, readiness, errors, redis }, stop);
  } finally {
    loop.stop();
    await redis.close();
    await database.close();
  }
}

async function serveUntil(parts: Omit<Foundations, 'ledger'>, stop: AbortSignal): Promise<void> {
  const { settings, clock, log, database, metrics } = parts;
  const key = deriveRing(settings, 'outbox');
  const ledger = createLedger({
    db: database,
    clock,
    sealMessage: (body) => sealBody(key, body),
    onBatch: metrics.ledger.committed,
    onError: (error) => {
      metrics.ledger.failed();
      log.error({ err: error }, 'a batch of the ledger failed');
    },
  });
  const server = buildServer({ ...parts, ledger: metrics.ledger.watching(ledger) });
  await server.listen(freePlace(settings.listen));
  log.info({ listen: placeOf(settings.listen) }, 'serving');
  const messages = await startMessages({ ...parts, key, deliver: createDriver(settings.sms) });
  const housekeeper = startHousekeeping({ database, ledger, clock, log });
  const anchoring = startAnchoring({
    ...parts,
    key: deriveRing(settings, 'anchor')[0],
    folder: settings.anchorFolder,
    listen: settings.listen,
  });
  await aborted(stop);
  tellWhy(stop, parts);
  await drain({ ...parts, server, ledger, background: [messages, housekeeper, anchoring] });
  if (stop.reason instanceof UncaughtError) throw stop.reason;
}

/** An error that nobody caught is told before anything else can go wrong. */
function tellWhy({ reason }: AbortSignal, { log, errors }: Pick<Foundations, 'log' | 'errors'>): void {
  if (!(reason instanceof UncaughtError)) return;
  log.fatal({ err: reason.cause }, reason.message);
  errors.report(reason.cause, { kind: reason.origin });
}

/** A socket file left by a process that was killed is removed: the supervisor runs one process a slot. */
function freePlace(settings: ListenSettings): FastifyListenOptions {
  if (settings.kind === 'tcp') return { host: settings.host, port: settings.port };
  rmSync(settings.path, { force: true });
  return { path: settings.path };
}

function placeOf(settings: ListenSettings): string {
  return settings.kind === 'socket' ? settings.path : `${settings.host}:${settings.port}`;
}

async function assertMigrated(database: Database): Promise<void> {
  const { pending } = await migrationStatus(database, MIGRATIONS);
  if (pending.length === 0) return;
  throw new OmpayError('checkBlocked', `the database lacks the migrations ${pending.join(', ')}`, {
    hint: 'ompay migrate up',
  });
}

/** A signal that came while the process started fires no event any more. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
