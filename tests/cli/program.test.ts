import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { CommandEntry, CommandModule } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/index.ts';
import { GROUP_SUMMARIES, type Parsed, parse } from '../../src/cli/program.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { jsonLines, ompay } from '../fixtures/ompay.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

/** A list of commands that remembers which files were loaded. */
function entriesWith(words: readonly string[]): { entries: CommandEntry[]; loaded: string[] } {
  const loaded: string[] = [];
  const module: CommandModule = {
    configure: (command) => {
      command.argument('[release]').option('--port <n>', 'a port').option('-f, --follow', 'follow');
    },
    run: async () => 0,
  };
  const entries = words.map(
    (each): CommandEntry => ({
      words: each,
      summary: `the summary of ${each}`,
      group: 'Operate',
      load: async () => {
        loaded.push(each);
        return module;
      },
    }),
  );
  return { entries, loaded };
}

const WORDS = ['deploy', 'lock status', 'lock acquire', 'api outbox', 'api distributor create'];

async function parsed(...argv: readonly string[]): Promise<Extract<Parsed, { kind: 'run' }>> {
  const outcome = await parse(argv, entriesWith(WORDS).entries, '1.2.3');
  if (outcome.kind !== 'run') throw new Error('nothing was to be run');
  return outcome;
}

test('only the file of the command that was typed is loaded', async () => {
  const { entries, loaded } = entriesWith(WORDS);
  await parse(['api', 'distributor', 'create', '--port', '1'], entries, '1.2.3');
  expect(loaded).toEqual(['api distributor create']);
});

test('help and version load no command at all', async () => {
  const { entries, loaded } = entriesWith(WORDS);
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    for (const argv of [['--help'], ['help'], ['lock', '--help'], ['--version']]) {
      expect(await parse(argv, entries, '1.2.3')).toEqual({ kind: 'printed' });
    }
  } finally {
    write.mockRestore();
  }
  expect(loaded).toEqual([]);
});

test('arguments and options of the command arrive', async () => {
  const { parsed: command } = await parsed('deploy', 'abc', '--port', '9090', '-f');
  expect(command.args).toEqual(['abc']);
  expect(command.command.opts()).toMatchObject({ port: '9090', follow: true });
});

test('--json and -C are understood before the command, and --json after it too', async () => {
  expect((await parsed('--json', '-C', '/srv/x', 'lock', 'status')).options).toEqual({
    directory: '/srv/x',
    json: true,
  });
  expect((await parsed('lock', 'status', '--json')).options).toEqual({ directory: undefined, json: true });
  expect((await parsed('deploy')).options).toEqual({ directory: undefined, json: false });
});

test.each([
  [['dploy'], "unknown command 'dploy' (Did you mean deploy?)", 'ompay --help'],
  [['lock', 'stat'], "unknown command 'stat'", 'ompay lock --help'],
  [['-C', '/srv/x', 'lock', 'stat'], "unknown command 'stat'", 'ompay lock --help'],
  [['deploy', '--nope'], "unknown option '--nope'", 'ompay deploy --help'],
  [['deploy', '--port'], "option '--port <n>' argument missing", 'ompay deploy --help'],
  [
    ['deploy', 'a', 'b'],
    "too many arguments for 'deploy'. Expected 1 argument but got 2: a, b.",
    'ompay deploy --help',
  ],
])('%j is a usage error that says what was seen and where help is', async (argv, message, hint) => {
  const error = await ompayErrorOf(() => parse(argv, entriesWith(WORDS).entries, '1.2.3'));
  expect(error).toMatchObject({ code: 'usage', exitCode: 2, hint });
  expect(error.message).toContain(message);
});

test("each command's words are the path of its file, and its file can be loaded and configured", async () => {
  for (const entry of commands) {
    const path = new URL(`../../src/cli/${entry.words.replaceAll(' ', '/')}.ts`, import.meta.url);
    expect([entry.words, existsSync(path)]).toEqual([entry.words, true]);
    const module = await entry.load();
    expect([entry.words, typeof module.run, typeof module.configure]).toEqual([
      entry.words,
      'function',
      'function',
    ]);
  }
});

test('each group has a summary, which names the commands in it', () => {
  const groups = commands.flatMap(({ words }) =>
    words.split(' ').flatMap((_, index, all) => (index === 0 ? [] : [all.slice(0, index).join(' ')])),
  );
  expect(new Set(Object.keys(GROUP_SUMMARIES))).toEqual(new Set(groups));
  for (const [group, summary] of Object.entries(GROUP_SUMMARIES)) {
    const inGroup = commands.filter(({ words }) => words.startsWith(`${group} `));
    const next = inGroup.map(({ words }) => words.slice(group.length + 1).split(' ')[0] ?? '');
    expect([group, next.filter((word) => !summary.includes(word))]).toEqual([group, []]);
  }
});

test('from a real shell: help, version, and errors with their exit codes', async () => {
  const folder = temporaryFolder();
  const help = await ompay(folder, '--help');
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  for (const { words } of commands) expect(help.stdout).toContain(words.split(' ')[0]);
  expect(await ompay(folder, '--version')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
  expect(await ompay(folder, 'nope')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: "error: unknown command 'nope'\n  next: ompay --help\n",
  });
  const json = await ompay(folder, '--json', 'nope');
  expect(json).toMatchObject({ exitCode: 2, stderr: '' });
  expect(jsonLines(json.stdout)).toEqual([
    { type: 'error', code: 'usage', message: "unknown command 'nope'", hint: 'ompay --help' },
  ]);
});
