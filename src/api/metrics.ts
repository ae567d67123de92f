import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  /** One answered request. @param route the pattern, never the address: its values stay few. */
  observeRequest(labels: RequestLabels, durationMs: number): void;
  /** Requests committed together by the ledger. */
  observeBatch(size: number): void;
}

export interface RequestLabels {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/** @param countWaiting messages that wait in the outbox, counted when the metrics are read. */
export function createMetrics(countWaiting: () => Promise<number>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'ompay_http_requests_total',
    help: 'Answered requests.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'ompay_http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const batches = new Histogram({
    name: 'ompay_ledger_batch_size',
    help: 'Money requests committed under one transaction.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [registry],
  });
  new Gauge({
    name: 'ompay_outbox_waiting',
    help: 'Messages not delivered yet, counted up to 1001; NaN while the database is away.',
    registers: [registry],
    async collect() {
      this.set(await countWaiting().catch(() => Number.NaN));
    },
  });
  return {
    registry,
    observeRequest(labels, durationMs) {
      requests.inc({ ...labels });
      durations.observe({ ...labels }, durationMs / 1000);
    },
    observeBatch(size) {
      batches.observe(size);
    },
  };
}
