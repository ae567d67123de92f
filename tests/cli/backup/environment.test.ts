import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copiedProject } from '../../fixtures/copied-project.ts';
import { MYSQL } from '../../fixtures/databases.ts';
import { MOTO_ABSENT } from '../../fixtures/moto.ts';
import { APP_KEY, keepSecrets } from '../../fixtures/mysql-project.ts';
import { serversProject } from '../../fixtures/servers-project.ts';
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
