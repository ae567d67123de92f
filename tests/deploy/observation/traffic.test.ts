import { describe, expect, test } from 'vitest';
import { sumOf, trafficBetween } from '../../../src/deploy/observation/traffic.ts';
import { latencies, traffic } from './seconds.ts';

const few = latencies({ requests: 10, ms: 5 });
const many = latencies({ requests: 30, ms: 5 });

describe('what came between two looks', () => {
  test('is the difference of the counts', () => {
    const before = traffic({ requests: 10, failed: 1, latency: few });
    const after = traffic({ requests: 30, failed: 4, latency: many });
    expect(trafficBetween(before, after, 'green')).toEqual({
      requests: 20,
      failed: 3,
      latency: latencies({ requests: 20, ms: 5 }),
    });
  });

  test('is everything that a front started in between has counted', () => {
    const before = traffic({ requests: 100, failed: 1, latency: many }, 1);
    const after = traffic({ requests: 10, failed: 0, latency: few }, 2);
    expect(trafficBetween(before, after, 'green')).toEqual({ requests: 10, failed: 0, latency: few });
  });

  test('has no latencies from a front that is too old to tell them', () => {
    const counts = [
      trafficBetween(traffic({}), traffic({ requests: 10, latency: null }), 'green'),
      { requests: 20, failed: 0, latency: many },
    ];
    expect(sumOf(counts)).toEqual({ requests: 30, failed: 0, latency: null });
  });

  test('has the latencies of what was seen when other seconds were silent', () => {
    expect(
      sumOf([
        { requests: 0, failed: 0, latency: null },
        { requests: 10, failed: 0, latency: few },
      ]).latency,
    ).toEqual(few);
  });
});
