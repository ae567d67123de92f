import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { linkRedis } from '../../../src/api/redis/link.ts';
import { buildServer } from '../../../src/api/server.ts';
import { startApi, type TestApi } from '../../fixtures/api.ts';
import { REDIS_ABSENT, type RedisServer, startRedis } from '../../fixtures/redis.ts';

describe.skipIf(REDIS_ABSENT !== undefined)('the API beside a Redis that dies', () => {
  let api: TestApi;
  let server: RedisServer;
  beforeAll(async () => {
    [api, server] = await Promise.all([startApi(), startRedis()]);
  });
  afterAll(() => Promise.all([api.close(), server.stop()]));

  async function startProcess() {
    const settings = { ...api.settings, redis: server.settings };
    const link = await linkRedis(server.settings, api.clock, api.foundations.log);
    const app = buildServer({ ...api.foundations, settings, redis: link });
    onTestFinished(async () => {
      await app.close();
      await link.close();
    });
    await expect.poll(link.state).toBe('ok');
    return {
      health: async () => {
        const { statusCode, body } = await app.inject({ url: '/health' });
        const { status, services, details } = JSON.parse(body);
        return { statusCode, status, redis: services.redis, details };
      },
      login: async (address: string) => {
        const payload = { telephone: '771234567', password: 'un-mot-de-passe' };
        const headers = { 'x-forwarded-for': address };
        const url = '/api/auth/login';
        return (await app.inject({ method: 'POST', url, headers, payload })).statusCode;
      },
    };
  }

  const WELL = { statusCode: 200, status: 'ok', redis: 'ok', details: { redis: 'ok' } };
  const WITHOUT = { statusCode: 200, status: 'degraded', redis: 'error', details: { redis: 'away' } };

  test.each([
    { death: 'killed', die: () => server.kill(), rise: () => server.restart() },
    { death: 'stopped', die: async () => server.pause(), rise: async () => server.resume() },
  ])('/health says within 2 s that it was $death, serves on, and says when it is back', async (redis) => {
    const { health } = await startProcess();
    expect(await health()).toEqual(WELL);
    await redis.die();
    await expect.poll(health).toEqual(WITHOUT);
    await redis.rise();
    await expect.poll(health).toEqual(WELL);
  });

  test('two processes refuse the sixth wrong password of all, whatever becomes of Redis', async () => {
    const [first, second] = [await startProcess(), await startProcess()];
    const seen = [await first.login('10.9.0.1'), await second.login('10.9.0.2')];
    await server.kill();
    onTestFinished(() => server.restart());
    for (const process of [first, second, first, second]) seen.push(await process.login('10.9.0.3'));
    expect(seen).toEqual([401, 401, 401, 401, 401, 429]);
  });
});
