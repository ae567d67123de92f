import { expect, test } from 'vitest';
import type { Ledger } from '../../src/api/ledger/types.ts';
import { createMetrics, type Metrics } from '../../src/api/metrics.ts';

function open(backlog = async () => ({ waiting: 3, oldestMs: 4_500 })): Metrics {
  return createMetrics({ release: 'r1', poolSize: 10, backlog, redisState: () => 'away' });
}

async function textOf(metrics: Metrics): Promise<string> {
  return metrics.registry.metrics();
}

test('while the outbox cannot be counted, the other metrics are told', async () => {
  const metrics = open(() => Promise.reject(new Error('the database is away')));
  metrics.http.answered({ method: 'GET', route: '/health', status: 503 }, 12);
  const text = await textOf(metrics);
  expect(text).toContain('ompay_outbox_waiting Nan');
  expect(text).toContain('ompay_outbox_oldest_seconds Nan');
  expect(text).toContain(
    'ompay_http_request_duration_seconds_bucket{le="0.025",method="GET",route="/health",status="503"} 1',
  );
});

test('the outbox is told by length and age', async () => {
  const text = await textOf(open());
  expect(text).toContain('ompay_outbox_waiting 3');
  expect(text).toContain('ompay_outbox_oldest_seconds 4.5');
});

test('connections are counted while they are waited for, lent and given back', async () => {
  const metrics = open();
  const { database } = metrics;
  for (let caller = 0; caller < 4; caller += 1) database.asked();
  database.lent(2);
  database.lent(20);
  database.refused(3_000);
  database.returned();
  database.repeated('1213');
  const text = await textOf(metrics);
  for (const line of [
    'ompay_database_connections_max 10',
    'ompay_database_connections_in_use 1',
    'ompay_database_callers_waiting 1',
    'ompay_database_connection_wait_seconds_bucket{le="0.005",outcome="lent"} 1',
    'ompay_database_connection_wait_seconds_count{outcome="lent"} 2',
    'ompay_database_connection_wait_seconds_count{outcome="refused"} 1',
    'ompay_database_repeats_total{code="1213"} 1',
  ]) {
    expect(text).toContain(line);
  }
});

test('money requests are counted while they wait, whatever comes of them', async () => {
  const metrics = open();
  const held = Promise.withResolvers<{ kind: 'inProgress' }>();
  const ledger: Ledger = { post: () => held.promise, close: async () => {} };
  const watched = metrics.ledger.watching(ledger);
  const outcomes = Promise.allSettled([watched.post(REQUEST), watched.post(REQUEST)]);
  expect(await textOf(metrics)).toContain('ompay_ledger_requests_in_flight 2');
  held.reject(new Error('the database is away'));
  await outcomes;
  expect(await textOf(metrics)).toContain('ompay_ledger_requests_in_flight 0');
});

const REQUEST = {
  type: 'transfert',
  debitAccountId: 'a',
  creditAccountId: 'b',
  amountXof: 1,
  description: null,
  initiatorId: null,
  idempotency: null,
  messages: () => [],
  answer: () => ({ statusCode: 200, body: '' }),
} as const;

test('batches, refusals, drains, reports and the release are told', async () => {
  const metrics = open();
  metrics.ledger.committed({ requests: 3, durationMs: 4 });
  metrics.ledger.failed();
  metrics.http.refused('/api/auth/login', 'rateLimited');
  metrics.process.delayed(120);
  metrics.process.draining();
  metrics.process.lineDropped();
  metrics.process.reported('sent');
  const text = await textOf(metrics);
  for (const line of [
    'ompay_ledger_batch_size_sum 3',
    'ompay_ledger_batch_duration_seconds_sum 0.004',
    'ompay_ledger_batch_failures_total 1',
    'ompay_http_refusals_total{route="/api/auth/login",error="rateLimited"} 1',
    'ompay_event_loop_delay_seconds_bucket{le="0.25"} 1',
    'ompay_draining 1',
    'ompay_log_lines_dropped_total 1',
    'ompay_error_reports_total{outcome="sent"} 1',
    'ompay_redis_state{state="away"} 1',
    `ompay_build_info{release="r1",node="${process.version}"} 1`,
  ]) {
    expect(text).toContain(line);
  }
});
