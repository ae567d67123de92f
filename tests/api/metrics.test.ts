import { expect, test } from 'vitest';
import { createMetrics } from '../../src/api/metrics.ts';

test('while the outbox cannot be counted, the other metrics are told', async () => {
  const metrics = createMetrics(() => Promise.reject(new Error('the database is away')));
  metrics.observeRequest({ method: 'GET', route: '/health', status: 503 }, 12);
  const text = await metrics.registry.metrics();
  expect(text).toContain('ompay_outbox_waiting Nan');
  expect(text).toContain(
    'ompay_http_request_duration_seconds_bucket{le="0.025",method="GET",route="/health",status="503"} 1',
  );
});
