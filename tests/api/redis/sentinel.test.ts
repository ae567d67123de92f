import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linkRedis } from '../../../src/api/redis/link.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { keptLog } from '../../fixtures/kept-log.ts';
import { startProcess } from '../../fixtures/processes.ts';
import { freePort, REDIS_ABSENT, REDIS_SERVER } from '../../fixtures/redis.ts';

async function ask<T>(
  port: number,
  work: (redis: Redis) => Promise<T>,
  password = '',
): Promise<T | undefined> {
  const place = { host: '127.0.0.1', port, password };
  const redis = new Redis({ ...place, lazyConnect: true, retryStrategy: null });
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
    writeFileSync(file, `port ${sentinelPort}\nbind 127.0.0.1\ndir ${folder}\nrequirepass watch\n${watch}`);
    start(folder, 'sentinel', [file, '--sentinel']);
    const replicas = () => ask(sentinelPort, (redis) => redis.call('SENTINEL', 'REPLICAS', 'ompay'), 'watch');
    await expect.poll(replicas, { timeout: 20_000 }).toHaveLength(1);

    const sentinels = [{ host: '127.0.0.1', port: sentinelPort }];
    const sentinelPassword = new Secret('watch');
    const place = { kind: 'sentinel', sentinels, master: 'ompay', sentinelPassword } as const;
    const uses = { cache: true, sessions: true, queue: true };
    const link = await linkRedis({ place, tls: null, prefix: 'test', uses }, systemClock, keptLog().log);
    onTestFinished(() => link.close());
    await expect.poll(link.state, { timeout: 10_000 }).toBe('ok');
    await ask(primaryPort, (redis) => redis.set('before', 'kept'));
    await expect.poll(() => ask(replicaPort, (redis) => redis.get('before'))).toBe('kept');
    await primary.end('SIGKILL');
    await expect.poll(link.state).toBe('away');
    await expect.poll(link.state, { timeout: 30_000 }).toBe('ok');
    await expect.poll(() => link.ask((redis) => redis.get('before'))).toBe('kept');
  });
});
