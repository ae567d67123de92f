import { expect, test } from 'vitest';
import { quantileMs } from '../../../src/deploy/observation/histogram.ts';
import { openStage } from './stage.ts';

test('latencies are counted in fine buckets, those of our own probes not at all', async () => {
  await using stage = await openStage();
  await stage.slot('blue', (incoming, response) => {
    setTimeout(() => response.end(), incoming.url === '/slow' ? 60 : 0);
  });
  stage.pointTo('blue');
  for (let number = 0; number < 5; number += 1) await stage.ask({ path: '/slow' });
  for (let number = 0; number < 50; number += 1)
    await stage.ask({ path: '/fast', headers: { 'X-Ompay-Probe': '1' } });
  const { targets, latencyBoundsMs = [] } = stage.front.counter.counts();
  const blue = targets['blue.sock'];
  expect(blue).toMatchObject({ requests: 55, status: { '2xx': 55 } });
  const counts = blue?.latency ?? [];
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
  expect(quantileMs({ boundsMs: latencyBoundsMs, counts }, 0.5)).toBeGreaterThan(55);
});
