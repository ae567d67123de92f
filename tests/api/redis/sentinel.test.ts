import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linkRedis } from '../../../src/api/redis/link.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { keptLog } from '../../fixtures/kept-log.ts';
import { startProcess } from '../../fixtures/processes.ts';
import { REDIS_ABSENT, REDIS_SERVER } from '../../fixtures/redis.ts';

/** A port that was free a moment ago: sentinels know servers by their port, so it must be told. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}

async function ask<T>(port: number, work: (redis: Redis) => Promise<T>): Promise<T | undefined> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await work(redis);
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

function start(folder: string, name: string, args: readonly string[]) {
  const spec = { command: REDIS_SERVER, args, logFile: join(folder, `${name}.log`) };
  const server = startProcess(spec);
  onTestFinished(() => server.end('SIGKILL'));
  return server;
}

describe.skipIf(REDIS_ABSENT !== undefined)('behind a sentinel', () => {
  test('when the primary dies, the replica that takes its place is met without help', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ompay-sentinel-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [primaryPort, replicaPort, sentinelPort] = [await freePort(), await freePort(), await freePort()];
    const common = ['--bind', '127.0.0.1', '--save', '', '--dir', folder];
    const primary = start(folder, 'primary', ['--port', `${primaryPort}`, ...common]);
    const replication = ['--replicaof', '127.0.0.1', `${primaryPort}`, '--repl-diskless-sync-delay', '0'];
    start(folder, 'replica', ['--port', `${replicaPort}`, ...common, ...replication]);
    await expect
      .poll(() => ask(replicaPort, (redis) => redis.info('replication')), { timeout: 20_000 })
      .toContain('master_link_status:up');
    const file = join(folder, 'sentinel.conf');
    const watch = `sentinel monitor ompay 127.0.0.1 ${primaryPort} 1
sentinel down-after-milliseconds ompay 1000
sentinel failover-timeout ompay 5000\n`;
    writeFileSync(file, `port ${sentinelPort}\nbind 127.0.0.1\ndir ${folder}\n${watch}`);
    start(folder, 'sentinel', [file, '--sentinel']);
    const replicas = () => ask(sentinelPort, (redis) => redis.call('SENTINEL', 'REPLICAS', 'ompay'));
    await expect.poll(replicas, { timeout: 20_000 }).toHaveLength(1);

    const sentinels = [{ host: '127.0.0.1', port: sentinelPort }];
    const place = { kind: 'sentinel', sentinels, master: 'ompay' } as const;
    const uses = { cache: true, sessions: true, queue: true };
    const link = await linkRedis({ place, tls: null, prefix: 'test', uses }, systemClock, keptLog().log);
    onTestFinished(() => link.close());
    await expect.poll(link.state, { timeout: 10_000 }).toBe('ok');
    await link.ask((redis) => redis.set('before', 'kept'));
    expect(await link.ask((redis) => redis.wait(1, 1_000))).toBe(1);
    await primary.end('SIGKILL');
    await expect.poll(link.state, { timeout: 2_000 }).toBe('away');
    await expect.poll(link.state, { timeout: 30_000 }).toBe('ok');
    expect(await link.ask((redis) => redis.get('before'))).toBe('kept');
  });
});
