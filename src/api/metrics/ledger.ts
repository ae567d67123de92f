import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CommittedBatch } from '../ledger/ledger.ts';
import type { Ledger } from '../ledger/types.ts';

export interface LedgerMetrics {
  /** The ledger, with its requests under way counted. */
  watching(ledger: Ledger): Ledger;
  /** Requests committed together. */
  committed(batch: CommittedBatch): void;
  /** A batch that the database refused. */
  failed(): void;
}

export function observeLedger(registry: Registry): LedgerMetrics {
  const registers = [registry];
  const underWay = new Gauge({
    name: 'ompay_ledger_requests_in_flight',
    help: 'Money requests that wait for a batch or are in one.',
    registers,
  });
  const sizes = new Histogram({
    name: 'ompay_ledger_batch_size',
    help: 'Money requests committed under one transaction.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });
  const durations = new Histogram({
    name: 'ompay_ledger_batch_duration_seconds',
    help: 'From the beginning of a batch to its commit, repeats included.',
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const failures = new Counter({
    name: 'ompay_ledger_batch_failures_total',
    help: 'Batches that the database refused; their requests are then tried alone.',
    registers,
  });
  return {
    watching: (ledger) => ({
      ...ledger,
      post: async (request) => {
        underWay.inc();
        try {
          return await ledger.post(request);
        } finally {
          underWay.dec();
        }
      },
    }),
    committed: ({ requests, durationMs }) => {
      sizes.observe(requests);
      durations.observe(durationMs / 1000);
    },
    failed: () => failures.inc(),
  };
}
