import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import { MIGRATIONS } from '../../../src/api/migrations/index.ts';
import { enqueue } from '../../../src/api/outbox/queue.ts';
import { deriveKeys } from '../../../src/api/services.ts';
import { loadApiSettings } from '../../../src/config/load.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { emptyDatabase, migratedDatabase, type Place } from '../../fixtures/place.ts';
import { REDIS_ABSENT, startRedis } from '../../fixtures/redis.ts';

const ENTRY = fileURLToPath(new URL('../../../src/api/ops-main.ts', import.meta.url));
const LIMIT_MS = 240_000;
const NEWEST = MIGRATIONS.at(-1)?.id ?? '';
const ARGV = process.argv;

afterEach(() => {
  process.argv = ARGV;
  vi.doUnmock('../../../src/api/migrations/index.ts');
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The program in this process, where what it reaches of itself is counted. */
async function ops(environmentPath: string, ...words: readonly string[]) {
  return inThisProcess(...words, '--environment', environmentPath);
}

async function inThisProcess(...words: readonly string[]) {
  vi.resetModules();
  process.argv = [process.execPath, ENTRY, ...words];
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const ended = await import('../../../src/api/ops-main.ts').catch(String);
  const stdout = written.mock.calls.join('');
  vi.mocked(process.exit).mockRestore();
  written.mockRestore();
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return { exitCode: Number(/^Error: exit (\d+)$/.exec(String(ended))?.[1]), said: JSON.parse(stdout) };
}

/** Runs the program as a server does: its settings come from a file of root's, nothing from this process. */
async function asOnServer(environmentPath: string, ...words: readonly string[]) {
  const child = spawn(process.execPath, [ENTRY, ...words, '--environment', environmentPath], { env: {} });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, exitCode] = await Promise.all([text(child.stdout), exited]);
  return { exitCode, said: JSON.parse(stdout) };
}

function opened({ variables }: Place): Database {
  const database = openDatabase(loadApiSettings(variables).database);
  onTestFinished(() => database.close());
  return database;
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
    const before = await asOnServer(path, 'migrate', 'status');
    expect((await ops(path, 'migrate', 'status')).said).toEqual(before.said);
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

test(
  "a probe's newest code is read, nobody else's is",
  async () => {
    const place = await migratedDatabase();
    const { kysely } = opened(place);
    const key = deriveKeys(loadApiSettings(place.variables)).outbox;
    for (const code of ['111111', '222222']) {
      const message = { channel: 'sms', recipient: '+221700000001', body: `votre code est ${code}` } as const;
      await enqueue(kysely, message, { key, now: Number(code) });
    }
    expect((await ops(environmentFile(place), 'probe', 'code', '700000001')).said).toEqual({
      code: '222222',
    });
  },
  LIMIT_MS,
);

test(
  'a ledger that does not hold is told with exit 3; a place that is none is refused',
  async () => {
    const place = await migratedDatabase();
    const path = environmentFile(place);
    expect(await ops(path, 'prove', 'here')).toMatchObject({
      exitCode: 2,
      said: { error: { code: 'usage', hint: 'ops.mjs prove 1200' } },
    });
    await ops(path, 'probe', 'accounts');
    await opened(place).kysely.updateTable('accounts').set({ balance: 1 }).execute();
    expect(await ops(path, 'prove')).toMatchObject({ exitCode: 3, said: { sound: false } });
  },
  LIMIT_MS,
);

test(
  'what no release needs any more is contracted',
  async () => {
    const removed: string[] = [];
    const old = {
      id: '9000',
      name: 'old',
      expand: async () => {},
      contract: async () => void removed.push('9000'),
    };
    vi.doMock('../../../src/api/migrations/index.ts', () => ({ MIGRATIONS: [...MIGRATIONS, old] }));
    const path = environmentFile(await migratedDatabase());
    await ops(path, 'migrate', 'up');
    expect(await ops(path, 'migrate', 'contract', '9000', '0123456789ab=9000')).toMatchObject({
      exitCode: 0,
      said: { contracted: '9000' },
    });
    expect(removed).toEqual(['9000']);
  },
  LIMIT_MS,
);

test('what nobody foresaw ends with 6, as JSON', async () => {
  const path = environmentFile(await emptyDatabase());
  // No tables: the first statement fails.
  expect(await ops(path, 'prove')).toMatchObject({ exitCode: 6, said: { error: { code: 'internal' } } });
});

test('root reads the file of secrets, another user does the work', async () => {
  const [groups, group, user] = (['setgroups', 'setgid', 'setuid'] as const).map((name) =>
    vi.spyOn(process, name).mockReturnValue(undefined),
  );
  await ops(environmentFile(await migratedDatabase()), 'ping', '--user', 'ompay');
  expect(groups).toHaveBeenCalledWith([]);
  expect(group).toHaveBeenCalledWith('ompay');
  expect(user).toHaveBeenCalledWith('ompay');
});

test('without a file the variables of the process count', async () => {
  const { variables } = await migratedDatabase();
  for (const [name, value] of Object.entries({ ...variables, APP_ENV: 'local' })) vi.stubEnv(name, value);
  expect(await inThisProcess('ping')).toMatchObject({ exitCode: 0, said: { database: { ok: true } } });
});

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
