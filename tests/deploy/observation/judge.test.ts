import { describe, expect, test } from 'vitest';
import { createJudge, slowLimitOf, type WatchedSecond } from '../../../src/deploy/observation/judge.ts';
import type { TrafficCount } from '../../../src/deploy/observation/traffic.ts';
import { latencies, second } from './seconds.ts';

/** Ten seconds of the old release: 200 requests a second of 5 ms, one of a hundred of 40 ms. */
const OLD: TrafficCount = {
  requests: 2000,
  failed: 0,
  latency: latencies({ requests: 1980, ms: 5 }, { requests: 20, ms: 40 }),
};

/** The second in which it was found bad, and why; undefined when all ten passed. */
function judged(
  baseline: TrafficCount | null,
  seconds: readonly WatchedSecond[],
): { at: number; why: string } | undefined {
  const judge = createJudge(baseline, seconds.length);
  for (const [index, each] of seconds.entries()) {
    const why = judge.add(each);
    if (why !== undefined) return { at: index + 1, why };
  }
  return undefined;
}

function tenSeconds(changed: (number: number) => Partial<WatchedSecond>): WatchedSecond[] {
  return Array.from({ length: 10 }, (_, index) => second(changed(index + 1)));
}

describe('failed requests', () => {
  test('5 % of them are seen in five seconds, with an old release or without', () => {
    const seconds = tenSeconds(() => ({ failed: 10 }));
    expect(judged(OLD, seconds)).toEqual({ at: 5, why: '50 of 1000 requests failed (usual: 0.1 %)' });
    expect(judged(null, seconds)?.at).toBe(5);
  });

  test('a fault that begins late is seen as quickly', () => {
    expect(
      judged(
        OLD,
        tenSeconds((number) => ({ failed: number > 5 ? 10 : 0 })),
      )?.at,
    ).toBe(10);
  });

  test('one burst decides nothing, however large', () => {
    expect(
      judged(
        OLD,
        tenSeconds((number) => ({ failed: number === 3 ? 200 : 0 })),
      ),
    ).toBeUndefined();
  });

  test('what the old release showed as well is no fault of the new one', () => {
    const failing = { ...OLD, failed: 100 };
    expect(
      judged(
        failing,
        tenSeconds(() => ({ failed: 10 })),
      ),
    ).toBeUndefined();
    expect(
      judged(
        failing,
        tenSeconds(() => ({ failed: 80 })),
      )?.at,
    ).toBe(5);
  });

  test('two failures of few requests of the old release excuse little', () => {
    const few = { ...OLD, requests: 20, failed: 2 };
    expect(
      judged(
        few,
        tenSeconds(() => ({ failed: 10 })),
      )?.at,
    ).toBe(5);
  });
});

describe('latency', () => {
  test('a doubled P95 is seen, whether all became slower or few', () => {
    const slowOld = { ...OLD, latency: latencies({ requests: 2000, ms: 30 }) };
    const all = tenSeconds(() => ({ latency: latencies({ requests: 200, ms: 62 }) }));
    const few = tenSeconds(() => ({
      latency: latencies({ requests: 176, ms: 30 }, { requests: 24, ms: 70 }),
    }));
    expect(judged(slowOld, all)?.at).toBe(6);
    expect(judged(slowOld, all)?.why).toMatch(/^P95 of users is 6\d\.\d ms; the old release's was 29\.9 ms$/);
    expect(judged(slowOld, few)?.at).toBe(6);
  });

  test('milliseconds are not worth a rollback', () => {
    const twice = tenSeconds(() => ({ latency: latencies({ requests: 200, ms: 11 }) }));
    expect(judged(OLD, twice)).toBeUndefined();
  });

  test('the first second, when the new process compiles, says nothing', () => {
    const judge = createJudge(OLD, 10);
    judge.add(second({ latency: latencies({ requests: 200, ms: 900 }) }));
    for (let number = 2; number <= 10; number += 1) {
      const latency = latencies({ requests: 200, ms: number <= 5 ? 900 : 5 });
      expect(judge.add(second({ latency }))).toBeUndefined();
    }
  });

  test('a stall of two seconds decides nothing', () => {
    const stalled = tenSeconds((number) => ({
      latency: latencies({ requests: 200, ms: number === 4 || number === 5 ? 2000 : 5 }),
    }));
    expect(judged(OLD, stalled)).toBeUndefined();
  });

  test('with few users, our own reads are compared with the same reads of the old release', () => {
    const quiet: TrafficCount = { requests: 12, failed: 0, latency: latencies({ requests: 12, ms: 5 }) };
    const probed = (ms: number): WatchedSecond[] =>
      tenSeconds(() => ({
        requests: 50,
        latency: null,
        probes: 50,
        probeLatency: latencies({ requests: 45, ms }),
        controlLatency: latencies({ requests: 45, ms: 5 }),
      }));
    expect(judged(quiet, probed(60))?.why).toContain('P95 of our own requests is 59.8 ms');
    expect(judged(quiet, probed(6))).toBeUndefined();
  });

  test('our own reads are not compared while users keep the new release alone busy', () => {
    const busy = tenSeconds(() => ({
      requests: 200,
      latency: latencies({ requests: 100, ms: 5 }),
      probes: 99,
      probeLatency: latencies({ requests: 99, ms: 60 }),
      controlLatency: latencies({ requests: 99, ms: 5 }),
    }));
    expect(judged(OLD, busy)).toBeUndefined();
  });

  test('says whose latencies were compared', () => {
    const judge = createJudge(OLD, 3);
    expect(judge.compared()).toEqual([]);
    for (let number = 1; number <= 3; number += 1) judge.add(second());
    expect(judge.compared()).toEqual(['users']);
    expect(slowLimitOf(latencies({ requests: 199, ms: 5 }))).toBeNull();
  });

  test('a front that does not tell latencies is judged by failures alone', () => {
    const judge = createJudge({ ...OLD, latency: null }, 3);
    for (let number = 1; number <= 3; number += 1)
      expect(judge.add(second({ latency: null }))).toBeUndefined();
    expect(judge.compared()).toEqual([]);
  });
});

test('a longer window asks for more agreement', () => {
  const judge = createJudge(null, 3600);
  const found = Array.from({ length: 5 }, () => judge.add(second({ failed: 1, requests: 20 })));
  const short = createJudge(null, 10);
  const foundShort = Array.from({ length: 5 }, () => short.add(second({ failed: 1, requests: 20 })));
  expect(found.filter((why) => why !== undefined).length).toBeLessThan(
    foundShort.filter((why) => why !== undefined).length,
  );
});
