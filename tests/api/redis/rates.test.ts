import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { RATES, type RateLimiter, type RateState } from '../../../src/api/http/rates.ts';
import { createDatabaseCounts, type DatabaseCounts } from '../../../src/api/redis/database-counts.ts';
import { linkRedis, NO_REDIS, type RedisLink } from '../../../src/api/redis/link.ts';
import { createSharedRates } from '../../../src/api/redis/rates.ts';
import { startApi, type TestApi } from '../../fixtures/api.ts';
import { keptLog } from '../../fixtures/kept-log.ts';
import { REDIS_ABSENT, type RedisServer, startRedis } from '../../fixtures/redis.ts';
import { type ShiftableClock, shiftableClock } from '../../fixtures/shiftable-clock.ts';

const MINUTE_MS = 60_000;
const { limit } = RATES.money;

describe.skipIf(REDIS_ABSENT !== undefined)('rate limits that processes share', () => {
  let api: TestApi;
  let server: RedisServer;
  let clock: ShiftableClock;
  beforeAll(async () => {
    [api, server] = await Promise.all([startApi(), startRedis()]);
  });
  afterAll(() => Promise.all([api.close(), server.stop()]));
  beforeEach(async () => {
    await api.database.kysely.deleteFrom('attempt_counters').execute();
    await server.ask((redis) => redis.flushall());
    clock = shiftableClock();
  });

  interface Process {
    readonly rates: RateLimiter;
    readonly link: RedisLink;
    /** How often the database counted. */
    readonly inDatabase: () => number;
  }

  /** What one process has, in a window that began after it was connected: its Redis can be relied on. */
  async function startProcess(): Promise<Process> {
    const link = await linkRedis(server.settings, clock, keptLog().log);
    onTestFinished(() => link.close());
    await expect.poll(link.state).toBe('ok');
    const counts = createDatabaseCounts(api.database);
    let asked = 0;
    const watched: DatabaseCounts = {
      count: (counted) => {
        asked += 1;
        return counts.count(counted);
      },
    };
    const parts = { redis: link, counts: watched, clock, prefix: 'test', secret: Buffer.alloc(32, 1) };
    return { rates: createSharedRates(parts), link, inDatabase: () => asked };
  }

  async function startTwo(): Promise<readonly [Process, Process]> {
    const both = [await startProcess(), await startProcess()] as const;
    await both[0].rates.hit('read', 'anyone');
    nextMinute();
    return both;
  }

  function nextMinute(): void {
    clock.pass(MINUTE_MS - (clock.now() % MINUTE_MS) + 1);
  }

  /** Asks alternately of both, `times` times in all, at once; how many were let in. */
  async function allowedOf(processes: readonly Process[], times: number): Promise<number> {
    const hits = Array.from({ length: times }, (_hit, index) =>
      processes[index % processes.length]?.rates.hit('money', 'awa'),
    );
    const states = await Promise.all(hits);
    return states.filter((state) => state?.allowed).length;
  }

  test('two processes together let in what the limit says, and the next minute starts anew', async () => {
    const both = await startTwo();
    expect(await allowedOf(both, 100)).toBe(limit);
    expect(await allowedOf(both, 10)).toBe(0);
    nextMinute();
    expect(await allowedOf(both, 100)).toBe(limit);
  });

  test('the first half of a limit costs the database nothing', async () => {
    const [first] = await startTwo();
    const states: RateState[] = [];
    for (let hit = 0; hit < limit / 2; hit += 1) states.push(await first.rates.hit('money', 'awa'));
    expect(states.map(({ remaining }) => remaining)).toEqual(states.map((_state, hit) => limit - 1 - hit));
    expect(states[0]).toMatchObject({ allowed: true, limit });
    expect(states[0]?.resetMs).toBeGreaterThan(MINUTE_MS - 5_000);
    expect(first.inDatabase()).toBe(1);
    expect(await first.rates.hit('money', 'awa')).toMatchObject({ allowed: true, remaining: limit / 2 - 1 });
    expect(first.inDatabase()).toBe(2);
  });

  test.each([10, 30, 31, 45, 60])(
    'killed after %i requests, no more than the limit get in',
    async (before) => {
      const both = await startTwo();
      expect(await allowedOf(both, before)).toBe(before);
      await server.kill();
      onTestFinished(async () => {
        await server.kill();
        await server.restart();
      });
      const after = await allowedOf(both, 100);
      expect(before + after).toBeLessThanOrEqual(limit);
      expect(after).toBe(Math.min(limit / 2, limit - before));
      expect(await allowedOf(both, 20)).toBe(0);
    },
  );

  test('emptied behind our back, Redis grants nothing more until the next minute', async () => {
    const both = await startTwo();
    expect(await allowedOf(both, 20)).toBe(20);
    await server.ask((redis) => redis.flushall());
    expect(await allowedOf(both, 100)).toBe(limit / 2);
    nextMinute();
    expect(await allowedOf(both, 100)).toBe(limit);
  });

  test('restarted empty, Redis is relied on again from the next minute on', async () => {
    const both = await startTwo();
    expect(await allowedOf(both, 25)).toBe(25);
    await server.kill();
    await server.restart();
    for (const { link } of both) await expect.poll(link.state).toBe('ok');
    expect(await allowedOf(both, 100)).toBe(limit / 2);
    nextMinute();
    expect(await allowedOf(both, 100)).toBe(limit);
  });

  test('stopped, Redis holds up a request for a moment and lets none too many in', async () => {
    const both = await startTwo();
    expect(await allowedOf(both, 40)).toBe(40);
    server.pause();
    const after = await allowedOf(both, 100);
    server.resume();
    expect(after).toBe(limit - 40);
    for (const { link } of both) await expect.poll(link.state).toBe('ok');
    expect(await allowedOf(both, 20)).toBe(0);
  });

  test('one process cut off from Redis and one that is not are let too many in neither', async () => {
    const [cutOff, other] = await startTwo();
    await cutOff.link.close();
    const [first, second] = [await allowedOf([cutOff], 100), await allowedOf([other], 100)];
    expect([first, second]).toEqual([limit / 2, limit / 2]);
  });

  test('a process whose clock is behind counts in the window that the others are in', async () => {
    const counts = createDatabaseCounts(api.database);
    expect(await counts.count({ key: 'rate:a', startMs: MINUTE_MS })).toBe(1);
    expect(await counts.count({ key: 'rate:a', startMs: 0 })).toBe(2);
    expect(await counts.count({ key: 'rate:a', startMs: 2 * MINUTE_MS })).toBe(1);
  });

  test('a flood of refused keys is remembered up to a bound', async () => {
    const parts = { redis: NO_REDIS, clock, prefix: 'test', secret: Buffer.alloc(32, 1), mostRefused: 1 };
    let asked = 0;
    const full: DatabaseCounts = {
      count: async () => {
        asked += 1;
        return limit + 1;
      },
    };
    const rates = createSharedRates({ ...parts, counts: full });
    for (const key of ['a', 'b', 'b', 'a']) {
      expect(await rates.hit('money', key)).toMatchObject({ allowed: false, remaining: 0 });
    }
    expect(asked).toBe(3);
  });
});
