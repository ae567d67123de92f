import type { JsonObject } from '../../src/plan/plan.ts';

/** Upper bounds about 20 % apart, from 0.5 ms to 60 s. */
export const BOUNDS_MS: readonly number[] = Array.from({ length: 65 }, (_, index) =>
  Number((0.5 * 1.2 ** index).toPrecision(3)),
);

/** A bell on the logarithm of time; deterministic. */
function bell(requests: number, centreMs: number): number[] {
  const weights = BOUNDS_MS.map((bound) => Math.exp(-((Math.log(bound / centreMs) / 0.42) ** 2) / 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => Math.round((weight / sum) * requests));
}

/** What is watched around a switch at second 0, at about 200 requests a second. */
export function observation(verdict: 'well' | 'bad'): JsonObject {
  const slow = verdict === 'bad' ? 2.1 : 1;
  const point = (second: number, factor: number): JsonObject => {
    const sway = 1 + 0.12 * Math.sin(second * 1.7);
    return {
      second,
      requests: Math.round(200 * (1 + 0.06 * Math.cos(second * 2.3))),
      failed: factor > 1 && second % 2 === 1 ? 9 : 0,
      p50Ms: Number((6 * factor * sway).toFixed(2)),
      p95Ms: Number((19 * factor * sway).toFixed(2)),
      p99Ms: Number((34 * factor * (2 - sway)).toFixed(2)),
    };
  };
  const seconds = Array.from({ length: 28 }, (_, index) => index - 20);
  return {
    slot: 'green',
    verdict,
    reasons:
      verdict === 'bad'
        ? [
            '36 of 1609 requests failed: likelihood ratio 8123 > 500',
            'P95 41.2 ms is 2.1 times the 19.4 ms before',
          ]
        : ['no failure in 1609 requests', 'P95 19.6 ms, before 19.4 ms'],
    baseline: { requests: 4012, failed: 0, p50Ms: 6.1, p95Ms: 19.4, p99Ms: 35.2, histogram: bell(4012, 6.4) },
    after: {
      requests: 1609,
      failed: verdict === 'bad' ? 36 : 0,
      p50Ms: 6.1 * slow,
      p95Ms: 19.6 * slow,
      p99Ms: 36 * slow,
      histogram: bell(1609, 6.4 * slow),
    },
    bounds: [...BOUNDS_MS],
    perSecond: seconds.map((second) => point(second, second < 0 ? 1 : slow)),
    probes: { sent: 16, wrong: 0, p95Ms: 12.5, oldP95Ms: 11 },
    ledgerLooks: 8,
    comparedLatency: ['users'],
    rule: {
      kind: 'sprt',
      failureRate: { old: 0.001, bad: 0.03 },
      alpha: 0.002,
      p95Factor: 2,
      minRequests: 200,
    },
  };
}
