import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DatabaseObserver } from '../db/observer.ts';

/** Connections of this process, as their callers see them: in use, waited for, refused; and what was run again. */
export function observeDatabase(registry: Registry, poolSize: number): DatabaseObserver {
  const registers = [registry];
  const inUse = new Gauge({
    name: 'ompay_database_connections_in_use',
    help: 'Connections that callers hold.',
    registers,
  });
  const waiting = new Gauge({
    name: 'ompay_database_callers_waiting',
    help: 'Callers that wait for a connection.',
    registers,
  });
  const waits = new Histogram({
    name: 'ompay_database_connection_wait_seconds',
    help: 'How long callers waited for a connection, by whether they were lent one or refused.',
    labelNames: ['outcome'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 3],
    registers,
  });
  const repeats = new Counter({
    name: 'ompay_database_repeats_total',
    help: "Transactions run again, by the server's code (1213, 40001 and so on) or connection_lost.",
    labelNames: ['code'],
    registers,
  });
  new Gauge({
    name: 'ompay_database_connections_max',
    help: 'The most connections that this process opens (DB_POOL_SIZE).',
    registers,
  }).set(poolSize);
  const endWait = (outcome: 'lent' | 'refused', waitedMs: number): void => {
    waiting.dec();
    waits.observe({ outcome }, waitedMs / 1000);
  };
  return {
    asked: () => waiting.inc(),
    lent: (waitedMs) => {
      endWait('lent', waitedMs);
      inUse.inc();
    },
    refused: (waitedMs) => endWait('refused', waitedMs),
    returned: () => inUse.dec(),
    repeated: (code) => repeats.inc({ code }),
  };
}
