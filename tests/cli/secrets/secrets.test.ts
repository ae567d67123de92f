import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { generateAgeKey } from '../../../src/store/repository/age.ts';
import { type ServersProject, serversProject } from '../../fixtures/servers-project.ts';
import { onTerminal } from '../../fixtures/terminal.ts';

/** Debian's own age, so that no secret depends on ompay to be read. */
function openedByAge({ sealed, keyPath }: Pick<ServersProject, 'sealed' | 'keyPath'>): string {
  return execFileSync('age', ['-d', '-i', keyPath, sealed], { encoding: 'utf8' });
}

function setting(project: ServersProject, name: string, value: string) {
  return project.run(['secrets', 'set', name, '-e', 'staging'], { stdin: `${value}\n` });
}

test('a secret comes by stdin, is kept encrypted, and stock age opens the file', async () => {
  const project = await serversProject();
  const set = await setting(project, 'DB_PASSWORD', 'hunter2');
  expect(set).toMatchObject({ exitCode: 0, stderr: '' });
  expect(set.stdout).not.toContain('hunter2');
  expect(readFileSync(project.sealed, 'utf8')).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  expect(openedByAge(project)).toContain('\nDB_PASSWORD=hunter2\n');
  const listed = await project.run(['secrets', 'list', '-e', 'staging', '--json']);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    environment: 'staging',
    recipients: ['awa'],
    isStale: false,
    secrets: expect.arrayContaining([expect.objectContaining({ name: 'DB_PASSWORD', isSet: true })]),
  });
  expect(listed.stdout).not.toContain('hunter2');
  expect((await project.run(['secrets', 'set', 'DB_PASSWORD', '-e', 'staging', '--remove'])).exitCode).toBe(
    0,
  );
  expect(openedByAge(project)).not.toContain('DB_PASSWORD');
});

test('a file that age itself made is read, armored or not', async () => {
  const project = await serversProject();
  await setting(project, 'DB_PASSWORD', 'hunter2');
  execFileSync('age', ['-r', project.key.recipient, '-o', project.sealed], { input: openedByAge(project) });
  expect((await project.run(['config', '-e', 'staging', 'DB_PASSWORD'])).stdout).toBe('***\n');
});

test('on a terminal it is asked for without echo, and Ctrl-C writes nothing', async () => {
  const project = await serversProject();
  const args = ['-C', project.root, 'secrets', 'set', 'DB_PASSWORD', '-e', 'staging'];
  const stopped = onTerminal(args, project.variables);
  await stopped.see('DB_PASSWORD of staging: ');
  stopped.type('hun\u0003');
  expect((await stopped.ended).exitCode).toBe(130);
  expect(() => statSync(project.sealed)).toThrow();
  const asked = onTerminal(args, project.variables);
  await asked.see('DB_PASSWORD of staging: ');
  asked.type('huntre\u007f\u007fer2\r');
  const { exitCode, screen } = await asked.ended;
  expect(exitCode).toBe(0);
  expect(screen).not.toContain('hunt');
  expect(openedByAge(project)).toContain('DB_PASSWORD=hunter2\n');
});

test('changes at the same time are all kept', async () => {
  const project = await serversProject();
  const names = ['DB_PASSWORD', 'REDIS_PASSWORD', 'MAIL_PASSWORD', 'SMS_GATEWAY_TOKEN'];
  const ended = await Promise.all(names.map((name) => setting(project, name, `of ${name}`)));
  expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
  for (const name of names) expect(openedByAge(project)).toContain(`${name}=of ${name}\n`);
  expect(readdirSync(join(project.root, 'secrets'))).toEqual(['staging.age']);
});

test('rotate lets a new recipient in, shuts a former one out, and makes new values', async () => {
  const project = await serversProject();
  await setting(project, 'DB_PASSWORD', 'hunter2');
  const other = await generateAgeKey();
  const otherPath = join(project.temporary, 'other.agekey');
  writeFileSync(otherPath, `${other.identity.reveal()}\n`, { mode: 0o600 });
  project.writeYml({ awa: project.key.recipient, modou: other.recipient });
  expect((await project.run(['secrets', 'list', '-e', 'staging'])).stdout).toContain(
    'the recipients changed since',
  );
  expect((await project.run(['secrets', 'rotate', '-e', 'staging'])).exitCode).toBe(0);
  expect(openedByAge({ ...project, keyPath: otherPath })).toContain('hunter2');
  project.writeYml({ modou: other.recipient });
  const made = await project.run(['secrets', 'rotate', '-e', 'staging', '--new', 'DB_PASSWORD,APP_KEY']);
  expect(made).toMatchObject({ exitCode: 0, stderr: '' });
  expect(openedByAge({ ...project, keyPath: otherPath })).toMatch(
    /APP_KEY=base64:.{44}\nDB_PASSWORD=[\w-]{43}\n/,
  );
  const shut = await project.run(['secrets', 'list', '-e', 'staging']);
  expect(shut).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('does not open with') });
  const again = await project.run(['secrets', 'rotate', '-e', 'staging', '--new', 'APP_KEY'], {
    variables: { OMPAY_AGE_IDENTITY: other.identity.reveal() },
  });
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ompay api keys rotate') });
});

describe('what is refused, with exit code 2 and no value told', () => {
  it.each<readonly [string, string, string]>([
    ['DB_PASWORD', 'hunter2', 'did you mean DB_PASSWORD?'],
    ['DB_HOST', 'hunter2', 'what is none belongs in ompay.yml'],
    ['DB_PASSWORD', '', 'DB_PASSWORD is empty'],
    ['DB_PASSWORD', 'hunter2\nhunter3', 'cannot be written to an environment file'],
    ['APP_KEY', 'hunter2', 'APP_KEY holds a value that is not shown'],
  ])('%s', async (name, value, told) => {
    const project = await serversProject();
    const refused = await setting(project, name, value);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(told) });
    expect(refused.stderr).not.toContain('hunter');
    expect(() => statSync(project.sealed)).toThrow();
  });

  it('a key that others can read, that lies in the repository, or that is missing', async () => {
    const project = await serversProject();
    await setting(project, 'DB_PASSWORD', 'hunter2');
    chmodSync(project.keyPath, 0o644);
    const list = ['secrets', 'list', '-e', 'staging'];
    expect((await project.run(list)).stderr).toContain('has the mode 0644: others can read the key in it');
    const inside = join(project.root, 'my.agekey');
    copyFileSync(project.keyPath, inside);
    chmodSync(inside, 0o600);
    const variables = { OMPAY_AGE_IDENTITY_FILE: inside };
    expect((await project.run(list, { variables })).stderr).toContain('lies in the repository');
    const missing = await project.run(list, {
      variables: { OMPAY_AGE_IDENTITY_FILE: `${project.keyPath}.gone` },
    });
    expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('age-keygen -o') });
  });

  it("local, whose secrets are .env's; a damaged file; another environment's file", async () => {
    const project = await serversProject();
    const local = await project.run(['secrets', 'list']);
    expect(local).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('local has its secrets in .env'),
    });
    await setting(project, 'DB_PASSWORD', 'hunter2');
    copyFileSync(project.sealed, join(project.root, 'secrets/production.age'));
    const swapped = await project.run(['secrets', 'list', '-e', 'production']);
    expect(swapped.stderr).toContain('the file of the secrets of production holds something else');
    writeFileSync(project.sealed, readFileSync(project.sealed, 'utf8').slice(0, 300));
    const damaged = await project.run(['secrets', 'list', '-e', 'staging']);
    expect(damaged).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('does not open with') });
  });
});

test('killed at any moment, the file is the old one or the new one', async () => {
  const project = await serversProject();
  await setting(project, 'DB_PASSWORD', 'old');
  const outcomes = new Set<string>();
  for (let delayMs = 100; delayMs <= 900; delayMs += 100) {
    const child = project.start(['secrets', 'set', 'DB_PASSWORD', '-e', 'staging'], {
      stdin: `new${delayMs}`,
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
    const code = await new Promise((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    const value = /DB_PASSWORD=(\w+)/.exec(openedByAge(project))?.[1] ?? '';
    expect(value).toMatch(/^(old|new\d+)$/);
    if (code === 0) expect(value).toBe(`new${delayMs}`);
    outcomes.add(value);
  }
  expect(outcomes.size).toBeGreaterThan(0);
  await project.run(['secrets', 'list', '-e', 'staging']);
  expect(readdirSync(join(project.root, 'secrets'))).toEqual(['staging.age']);
});
