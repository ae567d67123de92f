import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyLatencies, LATENCY_BOUNDS_MS, latencyBucket } from '../../src/core/latency.ts';

describe('latency buckets', () => {
  test('rise to a minute, and each past the first millisecond is at most an eighth wide', () => {
    expect(LATENCY_BOUNDS_MS.at(-1)).toBe(65_536);
    for (const [index, bound] of LATENCY_BOUNDS_MS.entries()) {
      const lower = LATENCY_BOUNDS_MS[index - 1] ?? 0;
      expect(bound).toBeGreaterThan(lower);
      if (lower >= 1) expect(bound / lower).toBeLessThanOrEqual(1.125);
    }
  });

  test('a latency is in the first bucket whose bound it does not pass', () => {
    const anyLatency = fc.oneof(
      fc.double({ min: 0, max: 100_000, noNaN: true }),
      fc.constantFrom(...LATENCY_BOUNDS_MS),
    );
    fc.assert(
      fc.property(anyLatency, (ms) => {
        const found = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
        expect(latencyBucket(ms)).toBe(found === -1 ? LATENCY_BOUNDS_MS.length : found);
      }),
    );
  });

  test('what is no duration is counted as the shortest, and nothing falls out of the array', () => {
    expect(latencyBucket(-1)).toBe(0);
    expect(latencyBucket(Number.NaN)).toBe(0);
    expect(latencyBucket(Number.POSITIVE_INFINITY)).toBe(emptyLatencies().length - 1);
  });
});
