import { describe, expect, test } from 'vitest';
import type { Prober, ProbeTally } from '../../../src/deploy/observation/probes.ts';
import type { Traffic, TrafficCount } from '../../../src/deploy/observation/traffic.ts';
import { createWatch, type Observation, type WatchKit } from '../../../src/deploy/observation/watch.ts';
import { manualClock } from '../../fixtures/clock.ts';
import { latencies, traffic } from './seconds.ts';

const CALM: ProbeTally = { sent: 2, wrong: 0, wrongUnseen: 0, latency: null, control: null };
const OLD: TrafficCount = { requests: 2000, failed: 0, latency: latencies({ requests: 2000, ms: 5 }) };

/** Ten seconds of a front that counts 200 requests a second, and of probes that are answered, or as it is said. */
function watched(changed: Partial<WatchKit> & { readonly failed?: number } = {}): Promise<Observation> {
  const { failed = 0, ...kit } = changed;
  const clock = manualClock();
  let looks = 0;
  const look = async (): Promise<Traffic> => {
    looks += 1;
    const requests = 200 * looks;
    return traffic({ requests, failed: failed * looks, latency: latencies({ requests, ms: 5 }) });
  };
  return createWatch({
    clock,
    signal: new AbortController().signal,
    slot: 'green',
    windowMs: 10_000,
    from: traffic({ latency: latencies() }),
    baseline: OLD,
    hasOld: true,
    look,
    hasDied: async () => false,
    witness: { invariants: async () => null },
    prober: proberOf({}),
    ...kit,
  }).run();
}

function proberOf(changed: Partial<Prober>): Prober {
  return { second: async () => CALM, wrongInRow: () => 0, close: async () => {}, ...changed };
}

describe('a release that has just become live', () => {
  test('is well after ten good seconds, and not before', async () => {
    const observation = await watched();
    expect(observation).toMatchObject({ verdict: 'well', reasons: [], compared: ['users'] });
    expect(observation.seconds).toHaveLength(10);
    expect(observation.invariantLooks).toBeGreaterThan(0);
  });

  test('is bad at once when its requests fail', async () => {
    const observation = await watched({ failed: 10 });
    expect(observation).toMatchObject({
      verdict: 'bad',
      reasons: ['50 of 1000 requests failed (usual: 0.1 %)'],
    });
    expect(observation.seconds).toHaveLength(5);
  });

  test('is bad at once when its process died', async () => {
    const observation = await watched({ hasDied: async () => true });
    expect(observation).toMatchObject({ verdict: 'bad', reasons: ['its process died'] });
    expect(observation.seconds).toHaveLength(1);
  });

  test('is bad at once when the ledger is broken', async () => {
    const observation = await watched({ witness: { invariants: async () => 'entries off by 1 XOF' } });
    expect(observation).toMatchObject({
      verdict: 'bad',
      reasons: ['the ledger is broken: entries off by 1 XOF'],
    });
    expect(observation.seconds).toHaveLength(1);
  });

  test('is bad when it answers our own requests wrongly in a way that the front calls no failure', async () => {
    const refusing = { ...CALM, wrong: 2, wrongUnseen: 2 };
    const observation = await watched({
      prober: proberOf({ second: async () => refusing, wrongInRow: () => 2 }),
    });
    expect(observation.reasons).toEqual(['2 requests of our own in a row were not answered rightly']);
    expect(observation.seconds[0]).toMatchObject({ failed: 2 });
  });
});

describe('too little to conclude', () => {
  test('when fewer than 400 requests were seen', async () => {
    const silent = async (): Promise<Traffic> => traffic({ latency: latencies() });
    const observation = await watched({ look: silent });
    expect(observation.verdict).toBe('inconclusive');
    expect(observation.reasons).toEqual([
      '20 requests were seen, 400 are needed',
      'latency was not compared: fewer than 200 requests of the old or the new release',
    ]);
  });

  test('when the ledger could not be looked at', async () => {
    const away = async (): Promise<null> => {
      throw new Error('away');
    };
    expect(await watched({ witness: { invariants: away } })).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['the ledger could not be looked at'],
    });
  });

  test('a first release has nothing to be compared with', async () => {
    expect(await watched({ baseline: null, hasOld: false })).toMatchObject({ verdict: 'well', compared: [] });
  });

  test('a front that does not answer for a moment is asked again', async () => {
    let looks = 0;
    const flaky = async (): Promise<Traffic> => {
      looks += 1;
      if (looks === 3) throw new Error('busy');
      const requests = 200 * looks;
      return traffic({ requests, latency: latencies({ requests, ms: 5 }) });
    };
    const observation = await watched({ look: flaky });
    expect(observation.verdict).toBe('well');
    expect(observation.seconds.reduce((sum, { requests }) => sum + requests, 0)).toBe(2002);
  });
});

describe('our own requests', () => {
  const counts = async (kit: Partial<WatchKit>): Promise<number[]> => {
    const asked: number[] = [];
    const second = async (count: number): Promise<ProbeTally> => {
      asked.push(count);
      return { ...CALM, sent: count };
    };
    await watched({ ...kit, prober: proberOf({ second }) });
    return asked;
  };

  test('fill up what users do not send, and are few when users send enough', async () => {
    const silent = async (): Promise<Traffic> => traffic({ latency: latencies() });
    expect((await counts({ look: silent })).slice(0, 3)).toEqual([50, 50, 50]);
    expect((await counts({})).slice(0, 3)).toEqual([50, 2, 2]);
  });

  test('are spread over a long window', async () => {
    const silent = async (): Promise<Traffic> => traffic({ latency: latencies() });
    expect((await counts({ look: silent, windowMs: 40_000 })).at(-1)).toBe(13);
  });
});

test('the window ends in time, however late our own requests are answered', async () => {
  const clock = manualClock();
  const late = async (): Promise<ProbeTally> => {
    clock.pass(2500);
    return CALM;
  };
  const { seconds } = await watched({ clock, prober: proberOf({ second: late }) });
  expect(seconds.map(({ second }) => second)).toEqual([1, 3, 6, 8]);
});

test('an interrupted watch leaves what it saw', async () => {
  const interrupted = new AbortController();
  const kit = { signal: interrupted.signal };
  const watch = createWatch({
    clock: manualClock(),
    slot: 'green',
    windowMs: 10_000,
    from: traffic({}),
    baseline: null,
    hasOld: false,
    look: async () => {
      interrupted.abort(new Error('by the operator'));
      return traffic({ requests: 7 });
    },
    hasDied: async () => false,
    witness: { invariants: async () => null },
    prober: proberOf({}),
    ...kit,
  });
  await expect(watch.run()).rejects.toThrow('by the operator');
  expect(watch.seen('inconclusive', ['interrupted']).seconds).toMatchObject([{ requests: 7 }]);
});
