import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ENGINE_ABSENT, startSource as startMariadb } from '../../engine/mariadb/source.ts';
import { startSource as startPostgres } from '../../engine/postgres/source.ts';
import { POSTGRESQL } from '../../fixtures/databases.ts';
import { engineProject, PASSWORD } from '../../fixtures/engine-project.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';
import type { ServersProject } from '../../fixtures/servers-project.ts';

test.skipIf(POSTGRESQL.absent !== undefined)(
  'a PostgreSQL of ompay.yml is copied, looked at and restored by -e',
  { timeout: 240_000 },
  async () => {
    const source = await startPostgres();
    onTestFinished(source.dispose);
    const { database } = await migratedDatabase(source.server);
    const session = await source.connect();
    await session.rows(`alter role ompay_backup password '${PASSWORD}'`);
    await session.close();
    const { place } = source.settings.source;
    const project = await engineProject({ connection: 'pgsql', database, place });
    await copiesAndRestores(project, 'PostgreSQL 15');
  },
);

test.skipIf(ENGINE_ABSENT !== undefined)(
  'a MariaDB of ompay.yml is copied, looked at and restored by -e',
  { timeout: 240_000 },
  async () => {
    const source = await startMariadb();
    onTestFinished(source.dispose);
    const { database } = await migratedDatabase(source.server);
    const session = await source.connect();
    await session.run(`alter user ompay_backup@'127.0.0.1' identified by '${PASSWORD}' require ssl`);
    await session.run(`grant show view, trigger on *.* to ompay_backup@'127.0.0.1'`);
    session.close();
    const { dataFolder } = source.settings;
    const { place } = source.settings.source;
    const project = await engineProject({ connection: 'mariadb', database, place, dataFolder });
    await copiesAndRestores(project, 'MariaDB 10.11');
  },
);

async function copiesAndRestores(project: ServersProject, version: string): Promise<void> {
  const ompay = (...words: readonly string[]) =>
    project.run([...words, '-e', 'staging'], { timeoutMs: 120_000 });
  const created = await ompay('backup', 'create');
  expect(created).toMatchObject({ stderr: expect.not.stringContaining('!'), exitCode: 0 });
  expect(created.stdout).toMatch(/^backup \w{26}: .* 13 checks passed\n {2}copies: this-disk, directory\n/);
  expect((await ompay('backup', 'show')).stdout).toContain(version);
  const verified = await ompay('backup', 'verify', '--level', '2');
  expect(verified.stdout.match(/good to level 2/g)).toHaveLength(2);
  const into = join(project.root, 'restored');
  expect(await ompay('restore', '--into', into)).toMatchObject({ exitCode: 0 });
  expect(await ompay('restore-test', '--from', 'directory')).toMatchObject({ exitCode: 0 });
  await dumps(ompay);
  const single = await ompay('restore', '--to', 'latest', '--table', 'transfers');
  expect(single).toMatchObject({ exitCode: 2, stdout: '' });
  expect(single.stderr).toContain('--table is of MySQL alone, and staging has');
  // Its log was not received, and that is told instead of restoring something near.
  const point = await ompay('restore', '--to', 'latest', '--into', `${into}-2`);
  expect(point.stderr).toContain('no log of the server was received');
  expect(point.exitCode).toBe(2);
}

/** Beside the full backup, and never in its place. */
async function dumps(
  ompay: (...words: readonly string[]) => ReturnType<ServersProject['run']>,
): Promise<void> {
  const dumped = await ompay('backup', 'create', '--kind', 'logical', '--json');
  expect(dumped).toMatchObject({ stderr: '', exitCode: 0 });
  const listed = (await ompay('backup', 'list', '--json')).stdout.trim().split('\n');
  const backups: { id: string; kind: string }[] = listed.map((line) => JSON.parse(line));
  expect(backups.map(({ kind }) => kind)).toEqual(['logical', 'full']);
  const verified = await ompay('backup', 'verify', '--all', '--level', '4');
  expect(verified.stdout.match(/good to level 4/g)).toHaveLength(4);
  const refused = await ompay('restore', String(backups[0]?.id), '--into', '/nowhere');
  expect(refused.stderr).toContain('is a logical backup: it becomes no data folder');
  expect(refused.exitCode).toBe(2);
  expect(await ompay('backup', 'prune', '--plan')).toMatchObject({ stderr: '', exitCode: 0 });
}
