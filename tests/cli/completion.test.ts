import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commands } from '../../src/cli/index.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompay, run } from '../fixtures/ompay.ts';

const PROBE = fileURLToPath(new URL('../fixtures/bash-completion.sh', import.meta.url));

async function script(folder: string, shell: string): Promise<string> {
  const { exitCode, stdout } = await ompay(folder, 'completion', shell);
  expect(exitCode).toBe(0);
  const path = join(folder, `completion.${shell}`);
  writeFileSync(path, stdout);
  return path;
}

/** What bash offers after the typed words, the last of which is unfinished. */
async function offered(path: string, ...words: readonly string[]): Promise<string[]> {
  const { stdout } = await run('bash', [PROBE, path, ...words]);
  return stdout.trimEnd().split('\n');
}

test('bash offers the next word of every command, and nothing else', async () => {
  const path = await script(temporaryFolder(), 'bash');
  const first = [...new Set(commands.map(({ words }) => words.split(' ')[0]))];
  expect(await offered(path, 'ompay', '')).toEqual([...first, '--help', '--json']);
  expect(await offered(path, 'ompay', 'de')).toEqual(['deploy']);
  expect(await offered(path, 'ompay', 'lock', '')).toEqual([
    'status',
    'acquire',
    'release',
    '--help',
    '--json',
  ]);
  expect(await offered(path, 'ompay', 'api', 'd')).toEqual(['distributor']);
  expect(await offered(path, 'ompay', 'api', 'distributor', 'c')).toEqual(['create']);
  expect(await offered(path, 'ompay', 'deploy', 'st')).toEqual(['']);
});

test.each(['zsh', 'fish'])(
  'the script for %s names every command and is read without error',
  async (shell) => {
    const path = await script(temporaryFolder(), shell);
    const { stdout } = await run('cat', [path]);
    for (const { words } of commands) {
      for (const word of words.split(' ')) expect(stdout).toContain(word);
    }
    if (spawnSync(shell, ['--version']).error !== undefined) {
      process.stderr.write(`${shell} is not installed: its script was looked at, not run\n`);
      return;
    }
    expect(await run(shell, ['-n', path])).toMatchObject({ exitCode: 0, stderr: '' });
  },
);
