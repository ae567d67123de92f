import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS } from '../../../src/api/migrations/index.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { emptyDatabase, type Place } from '../../fixtures/place.ts';
import { REDIS_ABSENT, startRedis } from '../../fixtures/redis.ts';

const ENTRY = fileURLToPath(new URL('../../../src/api/ops-main.ts', import.meta.url));
const LIMIT_MS = 240_000;
const NEWEST = MIGRATIONS.at(-1)?.id ?? '';

/** Runs the program as a server does: its settings come from a file of root's, nothing from this process. */
async function ops(environmentPath: string, ...words: readonly string[]) {
  const child = spawn(process.execPath, [ENTRY, ...words, '--environment', environmentPath], { env: {} });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return { exitCode, said: JSON.parse(stdout), stderr };
}

function environmentFile(
  { variables }: Pick<Place, 'variables'>,
  more: Readonly<Record<string, string>> = {},
): string {
  const path = join(temporaryFolder(), 'environment');
  const lines = Object.entries({ APP_ENV: 'local', ...variables, ...more });
  writeFileSync(path, lines.map(([name, value]) => `${name}='${value}'\n`).join(''));
  chmodSync(path, 0o600);
  return path;
}

test(
  'a new database is migrated, proven and probed by the program alone',
  async () => {
    const path = environmentFile(await emptyDatabase());
    const before = await ops(path, 'migrate', 'status');
    expect(before).toMatchObject({ exitCode: 0, said: { applied: [], family: 'postgresql' } });
    expect(before.said.pending).toEqual(MIGRATIONS.map(({ id }) => id));
    expect((await ops(path, 'migrate', 'up')).said.applied).toEqual(before.said.pending);
    expect((await ops(path, 'migrate', 'up')).said).toEqual({ applied: [] });
    expect(await ops(path, 'prove')).toMatchObject({ exitCode: 0, said: { sound: true, head: { seq: 0 } } });

    const probe = await ops(path, 'probe', 'accounts');
    expect(probe).toMatchObject({ exitCode: 0, said: { sender: '700000001' } });
    expect(probe.said.password).toMatch(/^\S{20,}$/);
    const { said } = await ops(path, 'prove', '0');
    expect(said).toMatchObject({ sound: true, head: { seq: 1 }, invariants: { headSeq: 1 } });
    expect(await ops(path, 'probe', 'code', '700000001')).toMatchObject({
      exitCode: 3,
      said: { error: { code: 'checkBlocked', hint: expect.stringMatching(/ompay/) } },
    });
    expect(await ops(path, 'probe', 'code', '771234567')).toMatchObject({ exitCode: 2 });
  },
  LIMIT_MS,
);

test(
  'what a kept release needs is not contracted; what cannot be asked is told as JSON, without a secret',
  async () => {
    const place = await emptyDatabase();
    const path = environmentFile(place);
    expect(await ops(path, 'migrate', 'contract', NEWEST, 'nonsense')).toMatchObject({
      exitCode: 2,
      said: { error: { code: 'usage' } },
    });
    expect(await ops(path, 'migrate', 'contract', '9999', '0123456789ab=0001')).toMatchObject({
      said: { error: { code: 'notFound' } },
    });
    expect(await ops(path, 'dance')).toMatchObject({
      exitCode: 2,
      said: { error: { hint: expect.stringContaining('migrate up') } },
    });
    expect(await ops('/nowhere', 'ping')).toMatchObject({
      exitCode: 2,
      said: { error: { code: 'configInvalid' } },
    });
    expect(await ops(path, 'ping', '--nonsense')).toMatchObject({
      exitCode: 2,
      said: { error: { code: 'usage' } },
    });
    const wrong = environmentFile(place, { APP_KEY: 'a-secret-that-is-no-key' });
    const refused = await ops(wrong, 'ping');
    expect(refused).toMatchObject({ exitCode: 2, said: { error: { code: 'configInvalid' } } });
    expect(JSON.stringify(refused)).not.toContain('a-secret-that-is-no-key');
  },
  LIMIT_MS,
);

describe.skipIf(REDIS_ABSENT !== undefined)('with Redis', () => {
  test(
    'ping tells which of database and Redis does not answer',
    async () => {
      const redis = await startRedis();
      onTestFinished(() => redis.stop());
      const place = await emptyDatabase();
      const redisPath = redis.settings.place.kind === 'socket' ? redis.settings.place.path : '';
      const queue = { QUEUE_CONNECTION: 'redis', REDIS_HOST: redisPath };
      expect(await ops(environmentFile(place, queue), 'ping')).toMatchObject({
        exitCode: 0,
        said: { database: { ok: true, why: '' }, redis: { ok: true } },
      });
      await redis.kill();
      expect(await ops(environmentFile(place, queue), 'ping')).toMatchObject({
        exitCode: 7,
        said: { database: { ok: true }, redis: { ok: false, why: expect.stringMatching(/\S/) } },
      });
      const gone = { variables: { ...place.variables, DB_SOCKET: '/nowhere/.s.PGSQL.5432' } };
      expect(await ops(environmentFile(gone), 'ping')).toMatchObject({
        exitCode: 7,
        said: { database: { ok: false, why: expect.stringMatching(/does not answer/) }, redis: null },
      });
    },
    LIMIT_MS,
  );
});
