import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { linkRedis, NO_REDIS, type RedisLink } from '../../../src/api/redis/link.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { keptLog } from '../../fixtures/kept-log.ts';
import { REDIS_ABSENT, type RedisServer, startRedis } from '../../fixtures/redis.ts';

/** `/health` promises it. */
const WITHIN_2_S = { timeout: 2_000, interval: 20 };

test('without Redis nothing is asked', async () => {
  expect(await linkRedis(null, systemClock, keptLog().log)).toBe(NO_REDIS);
  expect(NO_REDIS.state()).toBe('unused');
  expect(NO_REDIS.connectedSinceMs()).toBeUndefined();
  expect(await NO_REDIS.ask(async () => 1)).toBeUndefined();
  await NO_REDIS.close();
});

describe.skipIf(REDIS_ABSENT !== undefined)('with a real Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  async function linked(): Promise<{ readonly link: RedisLink; readonly lines: readonly string[] }> {
    const { log, lines } = keptLog();
    const link = await linkRedis(server.settings, systemClock, log);
    onTestFinished(() => link.close());
    await expect.poll(link.state, WITHIN_2_S).toBe('ok');
    return { link, lines };
  }

  /** A question, and how long its answer took. */
  async function timed(link: RedisLink): Promise<{ readonly answer: unknown; readonly ms: number }> {
    const startMs = systemClock.monotonicMs();
    const answer = await link.ask((redis) => redis.ping());
    return { answer, ms: systemClock.monotonicMs() - startMs };
  }

  test('killed, it is away at once and asked no more; back again, it is met without help', async () => {
    const { link, lines } = await linked();
    const firstSince = Number(link.connectedSinceMs());
    expect(await link.ask((redis) => redis.ping())).toBe('PONG');
    await server.kill();
    await expect.poll(link.state, { timeout: 500 }).toBe('away');
    expect(link.connectedSinceMs()).toBeUndefined();
    const asked = await timed(link);
    expect(asked.answer).toBeUndefined();
    expect(asked.ms).toBeLessThan(50);
    await server.restart();
    await expect.poll(link.state, WITHIN_2_S).toBe('ok');
    expect(await link.ask((redis) => redis.ping())).toBe('PONG');
    expect(Number(link.connectedSinceMs())).toBeGreaterThan(firstSince);
    const said = lines.filter((line) => line.includes('Redis a') || line.includes('Redis is'));
    expect(said.map((line) => JSON.parse(line).msg)).toEqual([
      'Redis answers',
      'Redis is away',
      'Redis answers',
    ]);
  });

  test('stopped, it holds up one question for a tenth of a second and the others not at all', async () => {
    const { link } = await linked();
    server.pause();
    onTestFinished(() => server.resume());
    const [first, second] = [await timed(link), await timed(link)];
    expect([first.answer, second.answer]).toEqual([undefined, undefined]);
    expect(first.ms).toBeLessThan(1_000);
    expect(second.ms).toBeLessThan(50);
    expect(link.state()).toBe('away');
    server.resume();
    await expect.poll(link.state, WITHIN_2_S).toBe('ok');
  });

  test('stopped while nobody asks, it is away within 2 s', async () => {
    const { link } = await linked();
    server.pause();
    onTestFinished(() => server.resume());
    await expect.poll(link.state, WITHIN_2_S).toBe('away');
  });

  test('a connection that stays silent is made anew', async () => {
    const { link } = await linked();
    const since = Number(link.connectedSinceMs());
    server.pause();
    onTestFinished(() => server.resume());
    await expect.poll(link.connectedSinceMs, { timeout: 10_000 }).toBeUndefined();
    server.resume();
    await expect.poll(link.state, { timeout: 5_000 }).toBe('ok');
    expect(Number(link.connectedSinceMs())).toBeGreaterThan(since);
  });

  test('one that answers and takes no writes is away', async () => {
    const { link } = await linked();
    await server.ask((redis) => redis.config('SET', 'min-replicas-to-write', '1'));
    await expect.poll(link.state, WITHIN_2_S).toBe('away');
    await server.ask((redis) => redis.config('SET', 'min-replicas-to-write', '0'));
    await expect.poll(link.state, WITHIN_2_S).toBe('ok');
  });

  test('the one who closes it waits for nothing, even when there is no Redis', async () => {
    const nowhere = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const;
    const { log, lines } = keptLog();
    const link = await linkRedis({ ...server.settings, place: nowhere }, systemClock, log);
    await expect.poll(() => lines.join('')).toContain('Redis could not be reached');
    expect(link.state()).toBe('away');
    await link.close();
    expect(await link.ask((redis) => redis.ping())).toBeUndefined();
  });
});
