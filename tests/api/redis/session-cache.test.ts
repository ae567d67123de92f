import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { linkRedis, type RedisLink } from '../../../src/api/redis/link.ts';
import { buildServer } from '../../../src/api/server.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { type Person, startApi, type TestApi } from '../../fixtures/api.ts';
import { REDIS_ABSENT, type RedisServer, startRedis } from '../../fixtures/redis.ts';

describe.skipIf(REDIS_ABSENT !== undefined)('sessions that Redis keeps for a moment', () => {
  let api: TestApi;
  let server: RedisServer;
  beforeAll(async () => {
    [api, server] = await Promise.all([startApi(), startRedis()]);
  });
  afterAll(() => Promise.all([api.close(), server.stop()]));

  interface Process {
    readonly link: RedisLink;
    /** The status of a route that only reads. */
    readonly read: (person: Person) => Promise<number>;
    readonly logout: (person: Person) => Promise<number>;
    /** The status of a route that moves money: a refused body, once the session is good. */
    readonly pay: (person: Person) => Promise<number>;
  }

  /** One more process on the same database and Redis. */
  async function startProcess(clock: Clock = api.clock): Promise<Process> {
    const redis = { ...server.settings, uses: { cache: false, sessions: true, queue: false } };
    const settings = { ...api.settings, redis };
    const link = await linkRedis(redis, api.clock, api.foundations.log);
    const app = buildServer({ ...api.foundations, settings, redis: link, clock });
    onTestFinished(async () => {
      await app.close();
      await link.close();
    });
    await expect.poll(link.state).toBe('ok');
    const ask = async (method: 'GET' | 'POST', url: string, { token }: Person, payload?: object) => {
      const headers = { authorization: `Bearer ${token}` };
      const { statusCode } = await app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
      return statusCode;
    };
    return {
      link,
      read: (person) => ask('GET', '/api/auth/me', person),
      logout: (person) => ask('POST', '/api/ompay/logout', person),
      pay: (person) => ask('POST', '/api/ompay/transfer', person, {}),
    };
  }

  /** Takes the session from the database behind the API's back: who is still let in was not looked up there. */
  async function endQuietly({ userId }: Person): Promise<void> {
    await api.database.kysely.deleteFrom('sessions').where('user_id', '=', userId).execute();
  }

  async function read(process: Process, person: Person): Promise<void> {
    expect(await process.read(person)).toBe(200);
    // It is written beside the answer.
    await expect
      .poll(() => server.ask(async (redis) => (await redis.keys('test:session:*')).length))
      .toBeGreaterThan(0);
  }

  async function emptied(): Promise<void> {
    await server.ask((redis) => redis.flushall());
  }

  /** Stands still, ahead of Redis's own: however slow this machine, nothing that is kept runs out by itself. */
  function stillClock(aheadMs: number): Clock {
    const nowMs = api.clock.now() + aheadMs;
    return { ...api.clock, now: () => nowMs };
  }

  test('what was read is used again for a moment, and never for money', async () => {
    await emptied();
    const person = await api.customer();
    const first = await startProcess(stillClock(60_000));
    const [second, later] = [await startProcess(stillClock(60_000)), await startProcess(stillClock(63_000))];
    await read(first, person);
    await endQuietly(person);
    expect([await second.read(person), await second.pay(person)]).toEqual([200, 401]);
    expect(await later.read(person)).toBe(401);
  });

  test('what is kept names nobody in clear', async () => {
    await emptied();
    const [process, person] = [await startProcess(), await api.customer()];
    await read(process, person);
    const [kept] = await server.ask(async (redis) => redis.mget(await redis.keys('test:session:*')));
    expect(kept).toContain(person.userId);
    for (const secret of [person.phone, person.token, 'Awa', 'Diop']) expect(kept).not.toContain(secret);
  });

  test('logging out at one process is at once at the other', async () => {
    await emptied();
    const [first, second, person] = [await startProcess(), await startProcess(), await api.customer()];
    await read(second, person);
    expect(await first.logout(person)).toBe(200);
    expect([await first.read(person), await second.read(person)]).toEqual([401, 401]);
  });

  test('a session that was read before a logout is not kept after it', async () => {
    await emptied();
    const [process, person] = [await startProcess(), await api.customer()];
    await server.ask((redis) => redis.set(`test:revoked:${person.userId}`, '', 'PX', 5_000));
    expect(await process.read(person)).toBe(200);
    expect(await process.read(person)).toBe(200);
    expect(await server.ask((redis) => redis.keys('test:session:*'))).toEqual([]);
  });

  test('a logout that cannot reach Redis is not said before no one is let in by it', async () => {
    await emptied();
    const [cutOff, other, person] = [await startProcess(), await startProcess(), await api.customer()];
    await cutOff.link.close();
    await read(other, person);
    const startMs = api.clock.monotonicMs();
    const out = cutOff.logout(person);
    expect(await out).toBe(200);
    expect(await other.read(person)).toBe(401);
    expect(api.clock.monotonicMs() - startMs).toBeGreaterThan(2_000);
  });

  test('without Redis, sessions are looked up in the database, and a logout takes its moment', async () => {
    const [process, person] = [await startProcess(), await api.customer()];
    await read(process, person);
    await server.kill();
    onTestFinished(() => server.restart());
    expect(await process.read(person)).toBe(200);
    expect(await process.logout(person)).toBe(200);
    expect(await process.read(person)).toBe(401);
  });
});
