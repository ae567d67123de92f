import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { environmentNamed, readProject } from '../../../src/config/yml/project.ts';
import { localLayout } from '../../../src/core/layout.ts';
import { Secret } from '../../../src/core/secret.ts';
import { changeSecrets } from '../../../src/secrets/file.ts';
import { ENGINE_ABSENT, startSource as startMariadb } from '../../engine/mariadb/source.ts';
import { startSource as startPostgres } from '../../engine/postgres/source.ts';
import { POSTGRESQL } from '../../fixtures/databases.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';
import { type ServersProject, serversProject } from '../../fixtures/servers-project.ts';

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
    const project = await copiedProject({ connection: 'pgsql', database, place });
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
    const project = await copiedProject({ connection: 'mariadb', database, place, dataFolder });
    await copiesAndRestores(project, 'MariaDB 10.11');
  },
);

const PASSWORD = 'a "long" # one';

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
  // Its log is not received, and that is told instead of restoring something near.
  const single = await ompay('restore', '--to', 'latest', '--table', 'transfers');
  expect(single).toMatchObject({ exitCode: 2, stdout: '' });
  expect(single.stderr).toContain('--table is of MySQL alone, and staging has');
  const point = await ompay('restore', '--to', 'latest', '--into', `${into}-2`);
  expect(point.stderr).toContain('it is of MySQL alone');
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

interface Copied {
  readonly connection: 'pgsql' | 'mariadb';
  readonly database: string;
  readonly place: { readonly socketPath: string } | { port: number; authorityPath: string };
  readonly dataFolder?: string;
}

/** `staging` is that database; its backups go to this disk and a directory. */
async function copiedProject(copied: Copied): Promise<ServersProject> {
  const project = await serversProject();
  const disk = join(project.root, 'disk');
  mkdirSync(disk, { mode: 0o700 });
  const { place, dataFolder } = copied;
  if (!('port' in place)) throw new Error('the source has no port');
  const path = join(project.root, 'ompay.yml');
  const folder = dataFolder === undefined ? '' : `    data_folder: ${dataFolder}\n`;
  const text = readFileSync(path, 'utf8')
    .replace('connection: mysql', `connection: ${copied.connection}`)
    .replace(
      '    user: ompay_user\n',
      `    user: ompay_user\n    host: localhost\n    port: ${place.port}
  copies:\n${folder}    directory: { path: ${disk} }\n`,
    )
    .replace('    name: ompay_prod\n', `    name: ${copied.database}\n`)
    .replace('  variables:\n', `  variables:\n    DB_TLS: true\n    DB_TLS_CA: ${place.authorityPath}\n`);
  writeFileSync(path, text);
  const layout = localLayout(project.root);
  const config = environmentNamed(readProject(layout), 'staging');
  const identity = () => Promise.reject(new Error('there is nothing to open yet'));
  const kept = {
    APP_KEY: `base64:${Buffer.alloc(32, 7).toString('base64')}`,
    DB_PASSWORD: 'of-the-api',
    REDIS_PASSWORD: 'p',
    SMS_GATEWAY_TOKEN: 't',
    MAIL_PASSWORD: 'p',
    BACKUP_DB_PASSWORD: PASSWORD,
  };
  const secrets = new Map(Object.entries(kept).map(([name, value]) => [name, new Secret(value)]));
  await changeSecrets({ layout, config, identity }, () => secrets);
  return project;
}
