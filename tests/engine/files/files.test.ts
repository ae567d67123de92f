import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../../src/backup/create.ts';
import type { BackupDeps } from '../../../src/backup/types.ts';
import type { ArchiveEntry } from '../../../src/core/archive.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { captureFiles, type FilesSource } from '../../../src/engine/files/capture.ts';
import { proveFiles } from '../../../src/engine/files/prove.ts';
import type { RedisSource } from '../../../src/engine/files/redis.ts';
import { redisAccounts } from '../../../src/provision/data/redis-accounts.ts';
import { extractBackup } from '../../../src/store/repository/extract.ts';
import { findBackup } from '../../../src/store/repository/find.ts';
import { backupDeps, signingKeys } from '../../fixtures/backup.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { REDIS_ABSENT, startRedis } from '../../fixtures/redis.ts';

const PASSWORD = new Secret('a "long" # one');

test.skipIf(REDIS_ABSENT)(
  'files and Redis are sealed, proven, and come back under their stock sums',
  async () => {
    const folder = installation();
    const deps = await depsIn(folder, await provisionedRedis());
    const { backup } = await createBackup(deps);
    expect(backup).toMatchObject({ kind: 'files', engine: 'installation', serverUuid: 'here' });
    const [copy] = await findBackup(deps, 'latest');
    if (copy === undefined) throw new Error('no copy');
    const into = join(folder, 'into');
    await extractBackup({ ...copy.manifest, ...copy }, deps, into);
    const said = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: into, encoding: 'utf8' });
    expect(said).toBe('ompay.yml: OK\nchecklists/deep/a.yml: OK\nlogs/api.log: OK\nredis.rdb: OK\n');
    appendFileSync(join(into, 'logs/api.log'), 'two\n');
    await expect(proveFiles(into, deps)).rejects.toMatchObject({ code: 'backupDamaged' });
  },
);

test.skipIf(REDIS_ABSENT)('a Redis that lets nobody follow it is told, with where to read on', async () => {
  const folder = installation();
  const redis = { ...(await provisionedRedis()), username: 'default' };
  const failure = createBackup(await depsIn(folder, redis));
  await expect(failure).rejects.toMatchObject({
    code: 'databaseUnavailable',
    message: expect.stringMatching(/^redis-cli did not copy Redis: .*(WRONGPASS|NOAUTH|NOPERM|failed)/i),
    hint: expect.stringContaining('docs/backup.md'),
  });
});

test('a log that is rotated away meanwhile is left out; the others are not', async () => {
  const folder = installation();
  writeFileSync(join(folder, 'root/logs/b.log'), 'two\n');
  const seen: string[] = [];
  const capture = captureFiles(async () => sourceIn(folder, null));
  const archive = async ({ entries }: { readonly entries: AsyncIterable<ArchiveEntry> }) => {
    for await (const entry of entries) {
      seen.push(entry.path);
      if (entry.kind === 'folder') {
        if (entry.path === 'logs') rmSync(join(folder, 'root/logs/api.log'));
        continue;
      }
      if (!(entry.content instanceof Uint8Array)) for await (const _ of entry.content);
    }
  };
  await capture({ label: 'x', queries: [] }, archive);
  expect(seen).toEqual([
    'ompay.yml',
    'checklists',
    'checklists/deep',
    'checklists/deep/a.yml',
    'logs',
    'logs/b.log',
    'SHA256SUMS',
  ]);
});

/** A folder with an installation in `root`. */
function installation(): string {
  const folder = temporaryFolder();
  const root = join(folder, 'root');
  mkdirSync(join(root, 'checklists/deep'), { recursive: true });
  mkdirSync(join(root, 'logs'));
  writeFileSync(join(root, 'ompay.yml'), 'project: x\n');
  writeFileSync(join(root, 'checklists/deep/a.yml'), 'a\n');
  writeFileSync(join(root, 'logs/api.log'), 'one\n');
  return folder;
}

/** With the API's account as provisioning writes it, and nobody else. */
async function provisionedRedis(): Promise<RedisSource> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const { place } = redis.settings;
  if (place.kind === 'sentinel') throw new TypeError('a Redis of its own');
  const line = redisAccounts(PASSWORD)
    .reveal()
    .split('\n')
    .find((each) => each.startsWith('user ompay '));
  const [, username = '', ...rules] = line?.split(' ') ?? [];
  await redis.ask(async (client) => {
    await client.set('kept', 'value');
    await client.call('ACL', 'SETUSER', username, ...rules);
    await client.call('ACL', 'SETUSER', 'default', 'off', 'resetpass');
  });
  return { place, username, password: PASSWORD, tls: null };
}

function sourceIn(folder: string, redis: RedisSource | null): FilesSource {
  return {
    name: 'here',
    root: join(folder, 'root'),
    paths: ['ompay.yml', 'checklists', 'absent', 'logs'],
    workFolder: join(folder, 'redis'),
    redis,
    clock: systemClock,
  };
}

async function depsIn(folder: string, redis: RedisSource): Promise<BackupDeps> {
  const base = await backupDeps(folder, signingKeys());
  const capture = captureFiles(async () => sourceIn(folder, redis));
  return {
    ...base,
    site: 'lab.files',
    queries: [],
    engine: { ...base.engine, capture },
    content: { kind: 'files', source: 'installation', prove: proveFiles },
  };
}
