import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { linkRedis, NO_REDIS, type RedisLink } from '../../../src/api/redis/link.ts';
import type { RedisSettings } from '../../../src/config/settings.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { makeCertificates } from '../../fixtures/certificates.ts';
import { keptLog } from '../../fixtures/kept-log.ts';
import { freePort, REDIS_ABSENT, type RedisServer, startRedis } from '../../fixtures/redis.ts';

/** `/health` promises it. */

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
    await expect.poll(link.state).toBe('ok');
    return { link, lines };
  }

  /** The answer to a question, and whether Redis was asked at all. */
  async function asked(link: RedisLink): Promise<{ readonly answer: unknown; readonly isSent: boolean }> {
    let isSent = false;
    const answer = await link.ask((redis) => {
      isSent = true;
      return redis.ping();
    });
    return { answer, isSent };
  }

  test('killed, it is away at once and asked no more; back again, it is met without help', async () => {
    const { link, lines } = await linked();
    const firstSince = Number(link.connectedSinceMs());
    expect(await link.ask((redis) => redis.ping())).toBe('PONG');
    await server.kill();
    await expect.poll(link.state).toBe('away');
    expect(link.connectedSinceMs()).toBeUndefined();
    expect(await asked(link)).toEqual({ answer: undefined, isSent: false });
    await server.restart();
    await expect.poll(link.state).toBe('ok');
    expect(await link.ask((redis) => redis.ping())).toBe('PONG');
    expect(Number(link.connectedSinceMs())).toBeGreaterThan(firstSince);
    const said = lines.filter((line) => line.includes('Redis a') || line.includes('Redis is'));
    expect(said.map((line) => JSON.parse(line).msg)).toEqual([
      'Redis answers',
      'Redis is away',
      'Redis answers',
    ]);
  });

  test('stopped, it holds up one question, soon given up, and the others not at all', async () => {
    const { link } = await linked();
    server.pause();
    onTestFinished(() => server.resume());
    expect(await asked(link)).toEqual({ answer: undefined, isSent: true });
    expect(await asked(link)).toEqual({ answer: undefined, isSent: false });
    expect(link.state()).toBe('away');
    server.resume();
    await expect.poll(link.state).toBe('ok');
  });

  test('stopped while nobody asks, it is away by itself', async () => {
    const { link } = await linked();
    server.pause();
    onTestFinished(() => server.resume());
    await expect.poll(link.state).toBe('away');
  });

  test('a connection that stays silent is made anew', async () => {
    const { link } = await linked();
    const since = Number(link.connectedSinceMs());
    server.pause();
    onTestFinished(() => server.resume());
    await expect.poll(link.connectedSinceMs, { timeout: 10_000 }).toBeUndefined();
    server.resume();
    await expect.poll(link.state).toBe('ok');
    expect(Number(link.connectedSinceMs())).toBeGreaterThan(since);
  });

  test('one that answers and takes no writes is away', async () => {
    const { link } = await linked();
    await server.ask((redis) => redis.config('SET', 'min-replicas-to-write', '1'));
    await expect.poll(link.state).toBe('away');
    await server.ask((redis) => redis.config('SET', 'min-replicas-to-write', '0'));
    await expect.poll(link.state).toBe('ok');
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

  test('a password, a user and TLS are asked of it, and who vouches for it is looked at', async () => {
    const certificates = makeCertificates('localhost');
    onTestFinished(() => certificates.remove());
    const port = await freePort();
    const tls = ['--tls-port', `${port}`, '--tls-auth-clients', 'no', '--bind', '127.0.0.1'];
    const files = ['--tls-cert-file', certificates.certificate, '--tls-key-file', certificates.key];
    const users = [
      '--user',
      'ompay',
      'on',
      '>secret',
      '~*',
      '&*',
      '+@all',
      '--tls-ca-cert-file',
      certificates.authority,
    ];
    const guarded = await startRedis([...tls, ...files, ...users]);
    onTestFinished(() => guarded.stop());
    const stateOf = async (change: Partial<RedisSettings>): Promise<string> => {
      const { log, lines } = keptLog();
      const place = { kind: 'tcp', host: 'localhost', port } as const;
      const asked = { ...guarded.settings, place, username: 'ompay', ...change };
      const link = await linkRedis(asked, systemClock, log);
      await expect.poll(() => link.state() === 'ok' || lines.length > 2, { timeout: 10_000 }).toBe(true);
      const state = link.state();
      await link.close();
      expect(lines.join('')).not.toContain('secret');
      return state;
    };
    const password = new Secret('secret');
    const trusted = { caPath: certificates.authority };
    expect(await stateOf({ tls: trusted, password })).toBe('ok');
    expect(await stateOf({ tls: trusted, password: new Secret('wrong-secret') })).toBe('away');
    expect(await stateOf({ tls: { caPath: certificates.otherAuthority }, password })).toBe('away');
    expect(await stateOf({ tls: { caPath: null }, password })).toBe('away');
  });
});
