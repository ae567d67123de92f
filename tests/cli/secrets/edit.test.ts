import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isAlive, startTimeOf } from '../../../src/core/process.ts';
import { type ServersProject, serversProject } from '../../fixtures/servers-project.ts';

const EDIT = ['secrets', 'edit', '-e', 'staging'] as const;

/** A project with one secret, and a script as the operator's editor: it has the file's path in $1. */
async function edited(script: string) {
  const project = await serversProject();
  const path = join(project.temporary, 'editor.sh');
  writeFileSync(path, `set -eu\n${script}\n`);
  await setting(project, 'DB_PASSWORD', 'hunter2');
  return {
    project,
    options: { variables: { EDITOR: `sh '${path}'`, VISUAL: '', FOLDER: project.temporary } },
  };
}

function setting(project: ServersProject, name: string, value: string) {
  return project.run(['secrets', 'set', name, '-e', 'staging'], { stdin: value });
}

async function secretOf(project: ServersProject, name: string): Promise<string> {
  const path = join(project.temporary, 'staging.env');
  const { stderr } = await project.run(['config', '-e', 'staging', '--write', path]);
  expect(stderr).toBe('');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  return new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? 'none';
}

/** Folders with secrets in them that were left behind. */
function leftIn(project: ServersProject): readonly string[] {
  return readdirSync(project.temporary).filter((name) => name.startsWith('ompay-secrets'));
}

test('the editor sees all secrets in a file of the operator alone, and what it leaves is kept', async () => {
  const { project, options } = await edited(
    'stat -c "%a" "$1" "$(dirname "$1")" > "$FOLDER/modes"; sed -i s/hunter2/hunter3/ "$1"; echo MAIL_PASSWORD=m >> "$1"',
  );
  const ended = await project.run(EDIT, options);
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ended.stdout).toContain('changed: DB_PASSWORD, MAIL_PASSWORD');
  expect(ended.stdout).not.toContain('hunter');
  expect(readFileSync(join(project.temporary, 'modes'), 'utf8')).toBe('600\n700\n');
  expect(await secretOf(project, 'DB_PASSWORD')).toBe('hunter3');
  expect(leftIn(project)).toEqual([]);
});

test('an editor that fails, and lines that are wrong, change nothing and leave nothing', async () => {
  for (const script of ['sed -i s/hunter2/x/ "$1"; exit 3', 'echo nonsense > "$1"', 'exit 0']) {
    const { project, options } = await edited(script);
    const before = readFileSync(project.sealed, 'utf8');
    const ended = await project.run(EDIT, options);
    expect(ended.exitCode).toBe(script === 'exit 0' ? 0 : 2);
    expect(ended.stderr).not.toContain('nonsense');
    expect(readFileSync(project.sealed, 'utf8')).toBe(before);
    expect(leftIn(project)).toEqual([]);
  }
});

test('what another set meanwhile stays; of the same name, the edit is refused', async () => {
  const script =
    'touch "$FOLDER/open"; while ! test -e "$FOLDER/go"; do sleep 0.05; done; sed -i s/hunter2/mine/ "$1"';
  for (const [name, exitCode, kept] of [
    ['MAIL_PASSWORD', 0, 'mine'],
    ['DB_PASSWORD', 2, 'theirs'],
  ] as const) {
    const { project, options } = await edited(script);
    const editing = project.run(EDIT, options);
    await vi.waitUntil(() => existsSync(join(project.temporary, 'open')), { timeout: 20_000 });
    expect((await setting(project, name, 'theirs')).exitCode).toBe(0);
    writeFileSync(join(project.temporary, 'go'), '');
    const ended = await editing;
    expect(ended.exitCode).toBe(exitCode);
    if (exitCode === 2) expect(ended.stderr).toContain('meanwhile someone else changed DB_PASSWORD too');
    expect(await secretOf(project, name)).toBe('theirs');
    expect(await secretOf(project, 'DB_PASSWORD')).toBe(kept);
  }
});

test('SIGTERM ends the editor and leaves nothing; what SIGKILL left, the next command removes', async () => {
  const { project, options } = await edited('echo $$ > "$FOLDER/pid"; while :; do sleep 0.1; done');
  const pidPath = join(project.temporary, 'pid');
  const before = readFileSync(project.sealed, 'utf8');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    writeFileSync(pidPath, '');
    const child = project.start(EDIT, options);
    await vi.waitUntil(() => readFileSync(pidPath, 'utf8').endsWith('\n'), { timeout: 20_000 });
    const pid = Number(readFileSync(pidPath, 'utf8'));
    const editor = { pid, startTime: startTimeOf(pid) ?? '' };
    onTestFinished(() => {
      if (isAlive(editor)) process.kill(pid, 'SIGKILL');
    });
    expect(leftIn(project)).toHaveLength(1);
    child.kill(signal);
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (signal === 'SIGKILL') process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => !isAlive(editor), { timeout: 20_000 });
    expect(code).toBe(signal === 'SIGTERM' ? 130 : null);
    expect(leftIn(project)).toHaveLength(signal === 'SIGTERM' ? 0 : 1);
  }
  await project.run(['secrets', 'list', '-e', 'staging']);
  expect(leftIn(project)).toEqual([]);
  expect(readFileSync(project.sealed, 'utf8')).toBe(before);
});
