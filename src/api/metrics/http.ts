import { Counter, Histogram, type Registry } from 'prom-client';
import type { ApiErrorName } from '../errors.ts';

/** Rate, errors and durations of each route. */
export interface HttpMetrics {
  /** One answered request. */
  answered(labels: RequestLabels, durationMs: number): void;
  /** One answer that was an error: wrong passwords, limits reached, funds missing and so on, by name. */
  refused(route: string, error: ApiErrorName): void;
}

export interface RequestLabels {
  readonly method: string;
  /** The pattern, never the address: its values stay few. */
  readonly route: string;
  readonly status: number;
}

export function observeHttp(registry: Registry): HttpMetrics {
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
  const refusals = new Counter({
    name: 'ompay_http_refusals_total',
    help: 'Answers that were errors, by the name of the error.',
    labelNames: ['route', 'error'],
    registers: [registry],
  });
  return {
    answered(labels, durationMs) {
      requests.inc({ ...labels });
      durations.observe({ ...labels }, durationMs / 1000);
    },
    refused: (route, error) => refusals.inc({ route, error }),
  };
}
