import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { run } from '../../src/cli/doctor.ts';
import { systemClock } from '../../src/core/clock.ts';
import { localLayout } from '../../src/core/layout.ts';
import { journalFiles, openJournal } from '../../src/plan/journal.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { jsonLines, ompay } from '../fixtures/ompay.ts';

const CHECKS = [
  'node',
  'system',
  'folder',
  'disk',
  'config',
  'lock',
  'journal',
  'releases',
  'services',
] as const;

interface Finding {
  readonly check: (typeof CHECKS)[number];
  readonly ok: boolean;
  readonly seen: string;
  readonly hint: string;
}

interface Doctor {
  readonly exitCode: number;
  /** One a check, in their order. */
  readonly findings: readonly Finding[];
  readonly of: (check: Finding['check']) => Finding | undefined;
}

async function doctor(root: string): Promise<Doctor> {
  let written = '';
  const exitCode = await run({
    command: new Command(),
    args: [],
    layout: localLayout(root),
    programRoot: join(import.meta.dirname, '../..'),
    version: '0',
    clock: systemClock,
    output: {
      json: true,
      isTerminal: false,
      write: (text) => {
        written += text;
      },
      outliveReader: () => {},
    },
    environment: {},
    signal: new AbortController().signal,
  });
  const findings = jsonLines(written).filter(isFinding);
  expect(findings.map(({ check }) => check)).toEqual(CHECKS);
  return { exitCode, findings, of: (check) => findings.find((finding) => finding.check === check) };
}

function isFinding(value: unknown): value is Finding {
  return typeof value === 'object' && value !== null && 'check' in value && 'hint' in value;
}

test('where nothing was deployed yet all is well, and nothing is made', async () => {
  const folder = temporaryFolder();
  const { exitCode, findings } = await doctor(folder);
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(exitCode).toBe(0);
  expect(existsSync(join(folder, '.ompay'))).toBe(false);
});

test('a folder that does not exist is a finding beside the others, with what to type, and no stack', async () => {
  const folder = join(temporaryFolder(), 'nowhere');
  const { exitCode, of } = await doctor(folder);
  expect(exitCode).toBe(3);
  expect(of('folder')).toMatchObject({
    ok: false,
    seen: `${folder} does not exist`,
    hint: `mkdir -p '${folder}', or choose another place with -C FOLDER`,
  });
  expect(of('disk')).toMatchObject({ ok: false, hint: expect.stringContaining('folder') });
  const printed = await ompay(folder, 'doctor');
  expect(printed).toMatchObject({ exitCode: 3, stderr: '' });
  expect(printed.stdout).toContain(`✖ folder    ${folder} does not exist\n  next: mkdir -p`);
});

test('a file in the place of the state folder is said as such', async () => {
  const folder = temporaryFolder();
  const state = join(folder, '.ompay');
  writeFileSync(state, '');
  const { exitCode, of } = await doctor(folder);
  expect(exitCode).toBe(3);
  expect(of('folder')).toMatchObject({ ok: false, seen: `${state} is not a folder` });
  for (const check of ['lock', 'journal', 'releases'] as const) {
    expect(of(check), check).toMatchObject({ ok: false, seen: expect.stringContaining('ENOTDIR') });
    expect(of(check)?.hint, check).not.toContain('fault of ompay');
  }
});

test('a state folder that this user may not enter is said as such', async ({ skip, onTestFinished }) => {
  const { seteuid } = process;
  if (process.geteuid?.() !== 0 || seteuid === undefined) skip('needs root, to act as another user');
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.ompay'), { mode: 0o700 });
  onTestFinished(() => seteuid?.call(process, 0));
  seteuid?.call(process, 65_534);
  const { of } = await doctor(folder);
  expect(of('folder')).toMatchObject({ ok: false, hint: expect.stringContaining('sudo chown -R') });
  expect(of('folder')?.seen).toBe(
    `${join(folder, '.ompay')} cannot be read and written by this user (EACCES)`,
  );
});

test('a state folder that nobody can enter is said as such', async () => {
  const folder = temporaryFolder();
  const state = join(folder, '.ompay');
  symlinkSync(state, state);
  const { of } = await doctor(folder);
  expect(of('folder')?.seen).toBe(`${state} cannot be read and written by this user (ELOOP)`);
});

test('one broken thing does not hide another', async () => {
  const folder = temporaryFolder();
  const layout = localLayout(folder);
  const files = journalFiles(layout);
  openJournal(files, { run: 'R', by: 'ana@mac' }, systemClock).append({ type: 'note', text: 'x', data: {} });
  writeFileSync(files.lines, 'garbage\n');
  writeFileSync(layout.lock, 'garbage');
  writeFileSync(join(folder, '.env'), 'no equals sign\n');
  const { exitCode, findings } = await doctor(folder);
  expect(exitCode).toBe(3);
  expect(findings.filter(({ ok }) => !ok).map(({ check }) => check)).toEqual(['config', 'lock', 'journal']);
  for (const { hint } of findings.filter(({ ok }) => !ok)) expect(hint).not.toBe('');
});
