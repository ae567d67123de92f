import { describe, expect, test } from 'vitest';
import { combined, countAbove, quantileMs, totalOf } from '../../../src/deploy/observation/histogram.ts';
import { latencies } from './seconds.ts';

const HUNDRED = latencies({ requests: 95, ms: 8 }, { requests: 5, ms: 100 });

describe('a histogram of latencies', () => {
  test('tells a share of the requests within the width of a bucket', () => {
    expect(quantileMs(HUNDRED, 0.5)).toBeGreaterThan(7.5);
    expect(quantileMs(HUNDRED, 0.95)).toBeCloseTo(8, 5);
    expect(quantileMs(HUNDRED, 0.96)).toBeGreaterThan(96);
    expect(quantileMs(HUNDRED, 1)).toBeCloseTo(104, 5);
  });

  test('tells nothing without requests', () => {
    expect(quantileMs(latencies(), 0.95)).toBeNull();
    expect(totalOf(latencies())).toBe(0);
  });

  test('counts what was slower, a part of the bucket of the limit', () => {
    expect(countAbove(HUNDRED, 50)).toBe(5);
    expect(countAbove(HUNDRED, 7.75)).toBeCloseTo(5 + 95 / 2, 5);
    expect(countAbove(HUNDRED, 200)).toBe(0);
  });

  test('what is past the last bound is slower than everything', () => {
    const stuck = latencies({ requests: 10, ms: 100_000 });
    expect(countAbove(stuck, 60_000)).toBe(10);
    expect(quantileMs(stuck, 0.5)).toBe(65_536);
  });

  test('cannot be combined with one of other buckets', () => {
    const coarse = { boundsMs: [1, 2], counts: [1, 1, 1] };
    expect(combined(HUNDRED, coarse, (a, b) => a + b)).toBeNull();
    expect(combined(HUNDRED, HUNDRED, (a, b) => a - b)).toEqual(latencies());
  });
});
