import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serversProject } from '../fixtures/servers-project.ts';

const SECRETS = {
  APP_KEY: `base64:${Buffer.alloc(32, 7).toString('base64')}`,
  DB_PASSWORD: 'hunter2',
  REDIS_PASSWORD: 'hunter3',
  MAIL_PASSWORD: 'hunter4',
};

test('an environment is shown resolved, with who says so, its secrets masked', async () => {
  const project = await serversProject();
  await project.run(['secrets', 'set', 'DB_PASSWORD', '-e', 'production'], { stdin: 'hunter2' });
  const shown = await project.run(['config', '-e', 'production', '--origin']);
  expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
  for (const line of [
    /^hosts\.web1\.address +10\.1\.0\.11 +production, ompay\.yml:\d+:\d+$/m,
    /^hosts\.web1\.jump +lb +staging, ompay\.yml:\d+:\d+$/m,
    /^retention\.releases +5 +default$/m,
    /^DB_HOST +db1 +the name of db1$/m,
    /^DB_PASSWORD +\*\*\* +secrets\/production\.age$/m,
  ])
    expect(shown.stdout).toMatch(line);
  expect(shown.stdout).not.toContain('hunter');
  const json = await project.run(['config', '-e', 'production', 'hosts.web1', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    environment: 'production',
    values: { 'hosts.web1.roles': { value: 'web' } },
  });
  expect((await project.run(['config', '-e', 'staging', 'app.url'])).stdout).toBe(
    'https://staging.ompay.sn\n',
  );
  const typo = await project.run(['config', '-e', 'staging', 'app.ulr']);
  expect(typo).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('did you mean app.url?') });
});

test('without a key it is shown as far as it is known', async () => {
  const project = await serversProject();
  await project.run(['secrets', 'set', 'DB_PASSWORD', '-e', 'staging'], { stdin: 'hunter2' });
  const shown = await project.run(['config', '-e', 'staging'], {
    variables: { OMPAY_AGE_IDENTITY_FILE: '/nowhere' },
  });
  expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
  expect(shown.stdout).not.toContain('DB_PASSWORD');
});

test('--check names everything that is missing, and is silent about it once nothing is', async () => {
  const project = await serversProject();
  const lacking = await project.run(['config', '-e', 'production', '--check']);
  expect(lacking.exitCode).toBe(2);
  for (const name of Object.keys(SECRETS)) expect(lacking.stderr).toContain(`${name} is missing`);
  for (const [name, stdin] of Object.entries({ ...SECRETS, SMS_GATEWAY_TOKEN: 'hunter5' }))
    await project.run(['secrets', 'set', name, '-e', 'production'], { stdin });
  expect(await project.run(['config', '-e', 'production', '--check'])).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
  writeFileSync(join(project.root, 'ompay.yml'), 'environments: { bare: {} }\n');
  const bare = await project.run(['config', '-e', 'bare', '--check']);
  for (const told of [
    'app.environment',
    'app.url',
    'database.connection',
    'tls.email',
    'no host has the role web',
  ])
    expect(bare.stderr).toContain(told);
});

test('no environment is implied: without -e it is this machine, and an unknown one is refused', async () => {
  const project = await serversProject();
  writeFileSync(
    join(project.root, '.env'),
    'LOG_LEVEL=debug\nTEAM_WEBHOOK_URL=https://h.sn/hunter2\nDB_CONNECTION=mysql\n',
  );
  const local = await project.run(['config', '--origin']);
  expect(local).toMatchObject({ exitCode: 0, stderr: '' });
  for (const line of [
    /^APP_ENV +local +default$/m,
    /^LOG_LEVEL +debug +\.env$/m,
    /^DB_CONNECTION +pglite +default$/m,
    /^DB_SOCKET +\S+ +the local environment$/m,
    /^APP_KEY +\*\*\* +made by the first deploy$/m,
    /^TEAM_WEBHOOK_URL +\*\*\* +\.env$/m,
  ])
    expect(local.stdout).toMatch(line);
  expect(local.stdout).not.toMatch(/hunter|ompay\.sn/);
  const unknown = await project.run(['config', '-e', 'prodution']);
  expect(unknown).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('(did you mean production?); there is local, staging, production'),
  });
});

test('looking changes nothing, and the hosts of the lab are an environment', async () => {
  const project = await serversProject();
  mkdirSync(join(project.root, '.ompay/lab'), { recursive: true });
  const hosts =
    '    hosts:\n      web1:\n        address: "10.77.1.2"\n        port: 22\n        roles: [web]\n';
  const known = '    known_hosts: "/tmp/known_hosts"\n';
  writeFileSync(join(project.root, '.ompay/lab/environment.yml'), `environments:\n  lab:\n${known}${hosts}`);
  const before = readdirSync(project.root, { recursive: true });
  const lab = await project.run(['config', '-e', 'lab', '--origin', 'hosts']);
  expect(lab.stdout).toMatch(
    /^hosts\.web1\.address +10\.77\.1\.2 +lab, \.ompay\/lab\/environment\.yml:\d+:\d+$/m,
  );
  await project.run(['config']);
  expect(readdirSync(project.root, { recursive: true })).toEqual(before);
});

test('a file that cannot be used names its faults, and no command takes it for an empty one', async () => {
  const project = await serversProject();
  const path = join(project.root, 'ompay.yml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('roles: [web]', 'roles: [wbe]'));
  for (const args of [['config'], ['config', '-e', 'staging'], ['secrets', 'list', '-e', 'staging']]) {
    const refused = await project.run(args);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toMatch(/ompay\.yml line \d+, column \d+: .*"wbe" \(did you mean web\?\)/);
  }
});
