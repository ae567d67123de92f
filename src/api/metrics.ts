import { collectDefaultMetrics, Registry } from 'prom-client';
import type { DatabaseObserver } from './db/observer.ts';
import { observeDatabase } from './metrics/database.ts';
import { type HttpMetrics, observeHttp } from './metrics/http.ts';
import { type LedgerMetrics, observeLedger } from './metrics/ledger.ts';
import { type Backlog, showBacklog } from './metrics/outbox.ts';
import { observeProcess, type ProcessMetrics } from './metrics/process.ts';
import { showRedis } from './metrics/redis.ts';
import type { RedisState } from './redis/link.ts';

/** Where each part of a process tells what it does. docs/observability.md lists what comes of it. */
export interface Metrics {
  readonly registry: Registry;
  readonly http: HttpMetrics;
  readonly database: DatabaseObserver;
  readonly ledger: LedgerMetrics;
  readonly process: ProcessMetrics;
}

export interface MetricSources {
  readonly release: string;
  /** The most connections that the process opens. */
  readonly poolSize: number;
  /** Asked each time that the metrics are read. */
  backlog(): Promise<Backlog>;
  /** The same. */
  redisState(): RedisState;
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  showBacklog(registry, sources.backlog);
  showRedis(registry, sources.redisState);
  return {
    registry,
    http: observeHttp(registry),
    database: observeDatabase(registry, sources.poolSize),
    ledger: observeLedger(registry),
    process: observeProcess(registry, sources.release),
  };
}
