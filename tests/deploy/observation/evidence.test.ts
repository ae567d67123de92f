import { describe, expect, test } from 'vitest';
import { evidenceOf } from '../../../src/deploy/observation/evidence.ts';
import type { Observation } from '../../../src/deploy/observation/watch.ts';
import { latencies, second } from './seconds.ts';

const MOST_BYTES = 100_000;

function observation(seconds: number): Observation {
  return {
    verdict: 'well',
    reasons: [],
    windowMs: seconds * 1000,
    seconds: Array.from({ length: seconds }, (_, index) =>
      second({ second: index + 1, requests: 123_456, failed: 1 }),
    ),
    probes: { sent: 10, wrong: 0 },
    invariantLooks: seconds,
    compared: ['users'],
  };
}

const baseline = {
  total: { requests: 400, failed: 1, latency: latencies({ requests: 400, ms: 8 }) },
  since: 'beforeDeploy' as const,
  seconds: [98_900, 99_990].map((endedMs) => ({
    endedMs,
    traffic: { requests: 200, failed: 0, latency: latencies({ requests: 200, ms: 8 }) },
  })),
};

describe('the evidence of an observation', () => {
  test('has the seconds before and after the switch, and what they sum to', () => {
    const evidence = evidenceOf(observation(3), { slot: 'green', baseline, switchedMs: 100_000 });
    expect(evidence).toMatchObject({
      slot: 'green',
      verdict: 'well',
      baseline: { since: 'beforeDeploy', requests: 400, failed: 1, p95Ms: expect.closeTo(8, 0) },
      after: { requests: 370_368, failed: 3 },
      rule: { windowMs: 3000, usualFailedShare: expect.closeTo(0.0022, 3), slow: { limitMs: 17.975 } },
    });
    expect(secondsIn(evidence.perSecond)).toEqual([-2, -1, 1, 2, 3]);
  });

  test('of an hour fits into a line of the journal, points of several seconds each', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({
      endedMs: index * 1000,
      traffic: second({ requests: 123_456 }),
    }));
    const evidence = evidenceOf(observation(3600), {
      slot: 'green',
      baseline: { ...baseline, seconds: many },
      switchedMs: 300_000,
    });
    expect(Buffer.byteLength(JSON.stringify(evidence))).toBeLessThan(MOST_BYTES);
    expect(secondsIn(evidence.perSecond)).toHaveLength(600);
  });

  test('tells how our own reads fared, beside those of the old release at the same time', () => {
    const reads = {
      probeLatency: latencies({ requests: 20, ms: 30 }),
      controlLatency: latencies({ requests: 20, ms: 10 }),
    };
    const seconds = [1, 2].map((each) => second({ second: each, ...reads }));
    const { probes } = evidenceOf({ ...observation(2), seconds }, { slot: 'green', baseline, switchedMs: 0 });
    expect(probes).toEqual({
      sent: 10,
      wrong: 0,
      p95Ms: expect.closeTo(30, 0),
      oldP95Ms: expect.closeTo(10, 0),
    });
    const none = evidenceOf(observation(2), { slot: 'green', baseline, switchedMs: 0 });
    expect(none.probes).toMatchObject({ p95Ms: null, oldP95Ms: null });
  });

  test('says when there was no old release', () => {
    const evidence = evidenceOf(observation(1), { slot: 'blue', baseline: null, switchedMs: 0 });
    expect(evidence).toMatchObject({ baseline: null, rule: { slow: null, usualFailedShare: 0.002 } });
  });
});

function secondsIn(points: unknown): number[] {
  return Array.isArray(points) ? points.map((point: { second: number }) => point.second) : [];
}
