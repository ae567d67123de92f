import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { environmentNamed, readProject } from '../../../src/config/yml/project.ts';
import { localLayout } from '../../../src/core/layout.ts';
import { Secret } from '../../../src/core/secret.ts';
import { changeSecrets } from '../../../src/secrets/file.ts';
import { startSource } from '../../engine/mysql/source.ts';
import { MYSQL } from '../../fixtures/databases.ts';
import { MOTO_ABSENT, startMoto } from '../../fixtures/moto.ts';
import { MYSQLD } from '../../fixtures/servers/mysql.ts';
import { type ServersProject, serversProject } from '../../fixtures/servers-project.ts';
import { hook } from '../../notify/hook.ts';

const ABSENT = MYSQL.absent ?? MOTO_ABSENT;
if (ABSENT !== undefined) process.stderr.write(`skipped: backups of servers: ${ABSENT}\n`);

test.skipIf(ABSENT !== undefined)(
  'a MySQL of ompay.yml is copied to a disk and S3, looked at, pruned and restored by -e',
  { timeout: 240_000 },
  async () => {
    const project = await copiedProject();
    const created = await project.run(['backup', 'create', '-e', 'staging'], SLOWLY);
    expect(created.stderr).not.toContain('!');
    expect(created.stdout).toMatch(
      /^backup \w{26}: .* 13 checks passed\n {2}copies: this-disk, directory, s3\n/,
    );

    const status = await project.run(['backup', 'status', '-e', 'staging', '--json']);
    const told: unknown = JSON.parse(status.stdout);
    expect(told).toMatchObject({ is321: true, isAsked: true, restoreTest: { state: 'never' } });
    expect(told).toMatchObject({ stores: [{ store: 'this-disk' }, { store: 'directory' }, { store: 's3' }] });
    // The bucket keeps versions, and locks nothing: that is said, and no reason to fail.
    expect(status.stdout).toContain('Object Lock');
    expect(status.exitCode).toBe(0);

    const file = join(project.root, 'backups.prom');
    await project.run(['backup', 'status', '-e', 'staging', '--prometheus', file]);
    expect(readFileSync(file, 'utf8')).toContain('ompay_backup_3_2_1{environment="staging"} 1\n');

    const verified = await project.run(['backup', 'verify', '-e', 'staging', '--level', '1']);
    expect(verified.stdout.match(/good to level 1/g)).toHaveLength(3);
    const pruned = await project.run(['backup', 'prune', '--plan', '-e', 'staging']);
    expect(pruned.stdout).toContain('one of the newest 7');

    const tested = await project.run(['restore-test', '-e', 'staging', '--from', 's3'], SLOWLY);
    expect(tested.stdout).toMatch(/^restore test from s3: \w{26} restored and proven, 13 checks\n/);
    expect(readdirSync(join(project.root, '.ompay/restore-tests/staging'))).toHaveLength(2);

    // What is this machine's own has none of it.
    const local = await project.run(['backup', 'list', '--json']);
    expect({ out: local.stdout, exit: local.exitCode }).toEqual({ out: '', exit: 0 });
  },
);

test('without the account for backups, its secret is named and the team told once; looking takes none', async () => {
  const project = await serversProject();
  const team = await hook(200);
  await keepSecrets(project, {
    APP_KEY,
    TEAM_WEBHOOK_URL: team.url,
    DB_PASSWORD: 'p',
    REDIS_PASSWORD: 'p',
    SMS_GATEWAY_TOKEN: 't',
    MAIL_PASSWORD: 'p',
  });
  const created = await project.run(['backup', 'create', '-e', 'staging']);
  expect(created.stderr).toContain('BACKUP_DB_PASSWORD is missing');
  expect(created.stderr).toContain('ompay secrets set BACKUP_DB_PASSWORD -e');
  expect(created.exitCode).toBe(2);
  await project.run(['backup', 'create', '-e', 'staging']);
  expect(team.received.map(({ body }) => JSON.parse(body).subject)).toEqual([
    'OMPAY [staging] La sauvegarde a échoué / The backup failed',
  ]);
  expect((await project.run(['backup', 'list', '-e', 'staging'])).exitCode).toBe(0);
});

const SLOWLY = { timeoutMs: 180_000 };
const APP_KEY = `base64:${Buffer.alloc(32, 7).toString('base64')}`;
const PASSWORD = "it's a long one";

/** `staging` with a real database, a second disk and a bucket. */
async function copiedProject(): Promise<ServersProject> {
  const source = await startSource();
  onTestFinished(source.dispose);
  const session = await source.connect();
  await session.run('create table transfers (id bigint primary key auto_increment, amount bigint)');
  await session.run('insert into transfers (amount) values (1), (2)');
  await session.run(
    `create user ompay_backup@'127.0.0.1' identified by '${PASSWORD.replace("'", "''")}' require ssl`,
  );
  await session.run("grant backup_admin, replication client, select on *.* to ompay_backup@'127.0.0.1'");
  session.close();
  const moto = await startMoto();
  onTestFinished(moto.stop);
  await moto.makeBucket('copies');
  const project = await serversProject();
  const disk = join(project.root, 'disk');
  mkdirSync(disk, { mode: 0o700 });
  const mysqld = join(project.root, 'mysqld');
  writeFileSync(mysqld, `#!/bin/sh\nshift 2\nexec ${MYSQLD.join(' ')} "$@"\n`);
  chmodSync(mysqld, 0o755);
  const { place } = source.access;
  if (!('port' in place)) throw new Error('the source has no port');
  const text = readFileSync(join(project.root, 'ompay.yml'), 'utf8')
    .replace(
      '    user: ompay_user\n',
      `    user: ompay_user\n    host: localhost\n    port: ${place.port}\n  retention: { backups: 7 }
  copies:
    mysqld: ${mysqld}
    directory: { path: ${disk} }
    s3: { endpoint: '${moto.endpoint}', bucket: copies }\n`,
    )
    .replace('    name: ompay_prod\n', '    name: ompay\n')
    .replace('  variables:\n', `  variables:\n    DB_TLS: true\n    DB_TLS_CA: ${place.authorityPath}\n`);
  writeFileSync(join(project.root, 'ompay.yml'), text);
  await keepSecrets(project, {
    APP_KEY,
    DB_PASSWORD: 'of-the-api',
    REDIS_PASSWORD: 'p',
    SMS_GATEWAY_TOKEN: 't',
    MAIL_PASSWORD: 'p',
    BACKUP_DB_PASSWORD: PASSWORD,
    BACKUP_S3_ACCESS_KEY_ID: 'test',
    BACKUP_S3_SECRET_ACCESS_KEY: 'test',
  });
  return project;
}

async function keepSecrets(
  project: ServersProject,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const layout = localLayout(project.root);
  const config = environmentNamed(readProject(layout), 'staging');
  const identity = () => Promise.reject(new Error('there is nothing to open yet'));
  const kept = new Map(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)]));
  await changeSecrets({ layout, config, identity }, () => kept);
}
