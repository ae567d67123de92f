import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ServersProject, serversProject } from '../fixtures/servers-project.ts';
import { onTerminal } from '../fixtures/terminal.ts';

const FLAGS = [
  '--url',
  'https://api.ompay.sn',
  '--web',
  '10.0.0.1,10.0.0.2',
  '--email',
  'ops@ompay.sn',
] as const;
const YES = ['init', '--yes', '-e', 'production', ...FLAGS] as const;

/** Without an ompay.yml, and with no key yet. */
async function nothingYet(): Promise<ServersProject & { readonly yml: string; readonly newKey: string }> {
  const project = await serversProject();
  const yml = join(project.root, 'ompay.yml');
  rmSync(yml);
  rmSync(project.keyPath);
  return { ...project, yml, newKey: project.keyPath };
}

test('with --yes it writes what options say, makes a key, and what it wrote is read', async () => {
  const project = await nothingYet();
  const ended = await project.run([...YES, '--redis', '10.0.0.3', '--json']);
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(statSync(project.newKey).mode & 0o777).toBe(0o600);
  expect(readFileSync(project.newKey, 'utf8')).toContain('AGE-SECRET-KEY-1');
  expect(readFileSync(project.yml, 'utf8')).not.toContain('AGE-SECRET-KEY');
  const shown = await project.run(['config', '-e', 'production', '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    values: {
      'app.environment': { value: 'production' },
      'hosts.web1.roles': { value: 'web, db' },
      'hosts.web2.address': { value: '10.0.0.2' },
      DB_HOST: { value: 'web1' },
      REDIS_HOST: { value: '10.0.0.3' },
    },
  });
  expect((await project.run(['secrets', 'rotate', '-e', 'production', '--new', 'APP_KEY'])).exitCode).toBe(0);
});

test('it never overwrites, also when two start at once', async () => {
  const project = await nothingYet();
  const ended = await Promise.all([project.run(YES), project.run([...YES, '--user', 'other'])]);
  expect(ended.map(({ exitCode }) => exitCode).toSorted()).toEqual([0, 2]);
  const text = readFileSync(project.yml, 'utf8');
  const again = await project.run(YES);
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('init never overwrites') });
  expect(readFileSync(project.yml, 'utf8')).toBe(text);
  expect(readdirSync(project.root).filter((name) => name.includes('.part'))).toEqual([]);
});

test('a wrong answer is refused before anything is written, and none can break out of its value', async () => {
  const project = await nothingYet();
  for (const [flags, told] of [
    [['--user', 'a", roles: [lb], x: "'], 'hosts.web1.user is'],
    [['--url', 'nowhere'], 'app.url is "nowhere"'],
    [['-e', 'local'], 'local is this machine'],
    [['--database', 'sqlite'], 'database.connection is "sqlite"'],
  ] as const) {
    const refused = await project.run([...YES, ...flags]);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(told) });
  }
  const silent = await project.run(['init', '-e', 'staging']);
  expect(silent).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('there is no terminal to ask on'),
  });
  const lacking = await project.run(['init', '--yes', '-e', 'staging']);
  expect(lacking).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--url is missing') });
  expect([existsSync(project.yml), existsSync(project.newKey)]).toEqual([false, false]);
});

test('on a terminal it asks what no option says; Ctrl-C writes nothing', async () => {
  const project = await nothingYet();
  const args = ['-C', project.root, 'init', ...FLAGS];
  const stopped = onTerminal(args, project.variables);
  await stopped.see('Environment (staging, production, …): ');
  stopped.type('\u0003');
  expect((await stopped.ended).exitCode).toBe(130);
  expect(existsSync(project.yml)).toBe(false);
  const asked = onTerminal(args, project.variables);
  await asked.see('Environment (staging, production, …): ');
  asked.type('staging\r');
  for (const question of [
    'Host of the database [10.0.0.1]: ',
    'Database (mysql, mariadb, pgsql) [mysql]: ',
  ]) {
    await asked.see(question);
    asked.type('\r');
  }
  for (const word of ['balances the load', 'Host of Redis', 'keeps backups', 'log in as']) {
    await asked.see(word);
    asked.type('\r');
  }
  expect((await asked.ended).exitCode).toBe(0);
  const shown = await project.run(['config', '-e', 'staging', 'hosts.web1.roles']);
  expect(shown.stdout).toBe('web, db\n');
});
