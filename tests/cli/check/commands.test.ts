import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localLayout } from '../../../src/core/layout.ts';
import { journalFiles } from '../../../src/plan/journal.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { jsonLines, ompay } from '../../fixtures/ompay.ts';

const DAY_MS = 86_400_000;

function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
}

/** The verdict of one check, as `check run NAME --json` tells it. */
async function verdictOf(folder: string, list: string, check: string): Promise<unknown> {
  const { stdout } = await ompay(folder, 'check', 'run', list, '--json');
  const line = jsonLines(stdout).find(
    (each) => typeof each === 'object' && each !== null && 'check' in each && each.check === check,
  );
  return typeof line === 'object' && line !== null && 'verdict' in line ? line.verdict : undefined;
}

test('the lists are shown in French, in English, and for scripts; one can be chosen', async () => {
  const folder = temporaryFolder();
  const french = await ompay(folder, 'check', 'list');
  expect(french).toMatchObject({ exitCode: 0, stderr: '' });
  expect(french.stdout).toContain('Tests automatisés passent (100% coverage)  [evidence]');
  expect(french.stdout).toContain('metrics-healthy');
  expect(french.stdout).toContain('[metrics, warns only]');
  const english = await ompay(folder, 'check', 'list', 'rollback', '--english');
  expect(english.stdout).toContain('The rollback was rehearsed in staging');
  expect(english.stdout).not.toContain('team-told');
  const lines = jsonLines((await ompay(folder, 'check', 'list', '--json')).stdout);
  expect(lines).toHaveLength(16);
  expect(lines[0]).toMatchObject({ checklist: 'pre-deploy', id: 'tests-pass', severity: 'block' });
  expect(existsSync(join(folder, '.ompay'))).toBe(false);
});

test('an unknown list is told, with those that exist', async () => {
  const folder = temporaryFolder();
  for (const verb of ['list', 'run']) {
    const { exitCode, stderr } = await ompay(folder, 'check', verb, 'predeploy');
    expect(exitCode).toBe(2);
    expect(stderr).toBe(
      'error: no checklist is named "predeploy"; there are pre-deploy, deploy, post-deploy, rollback\n  next: ompay check list\n',
    );
  }
});

test('where nothing was done nothing fails: each check says the command that makes it known, and nothing is made', async () => {
  const folder = temporaryFolder();
  for (const list of ['deploy', 'post-deploy', 'rollback']) {
    const { exitCode, stdout } = await ompay(folder, 'check', 'run', list, '--english');
    expect([list, exitCode]).toEqual([list, 0]);
    expect(stdout).toMatch(/\d pass, 0 fail, \d unknown, 0 waived; in local nothing blocks\n$/);
    expect(stdout).not.toContain('fault of ompay');
    expect(stdout.match(/\n {2}\? /g)?.length).toBe(stdout.match(/\(next: /g)?.length);
  }
  expect(existsSync(join(folder, '.ompay'))).toBe(false);
});

test('in production the same folder is blocked, exit 3; so is an APP_ENV that nobody knows', async () => {
  const folder = temporaryFolder();
  for (const environment of ['production', 'prodution']) {
    writeFileSync(join(folder, '.env'), `APP_ENV=${environment}\n`);
    const { exitCode, stdout } = await ompay(folder, 'check', 'run', 'rollback');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('0 pass, 0 fail, 4 unknown, 0 waived; in production 4 block');
  }
  writeFileSync(join(folder, '.env'), 'APP_ENV=staging\n');
  expect((await ompay(folder, 'check', 'run', 'rollback')).exitCode).toBe(0);
});

test('JUnit has a failure for what blocks, a skip for what does not', async () => {
  const folder = temporaryFolder();
  const { stdout } = await ompay(folder, 'check', 'run', 'rollback', '--junit');
  expect(stdout).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites>\n/);
  expect(stdout).toContain('<testsuite name="rollback" tests="4" failures="0" skipped="4">');
  expect(stdout).toContain('name="Version précédente taggée"');
});

test('what is signed passes with its name, until the journal is changed', async () => {
  const folder = temporaryFolder();
  const words = ['--by', 'Awa Diop', '--reason', 'tried in staging, run 01ABC'];
  const signed = await ompay(folder, 'check', 'sign', 'rollback-rehearsed', ...words);
  expect(signed).toMatchObject({ exitCode: 0, stderr: '' });
  expect(signed.stdout).toContain('rollback-rehearsed is signed by Awa Diop, for this source, until ');
  expect(await verdictOf(folder, 'rollback', 'rollback-rehearsed')).toMatchObject({
    kind: 'pass',
    by: 'Awa Diop',
    reason: 'tried in staging, run 01ABC',
    observed: 'unknown: no rollback was rehearsed here in the last 30 days',
  });
  expect((await ompay(folder, 'audit', 'list')).stdout).toContain(
    'Awa Diop signed the check rollback-rehearsed',
  );
  const { lines } = journalFiles(localLayout(folder));
  writeFileSync(lines, readFileSync(lines, 'utf8').replaceAll('Awa Diop', 'Awa Diob'));
  expect(await verdictOf(folder, 'rollback', 'rollback-rehearsed')).toMatchObject({
    kind: 'unknown',
    why: `line 1 of ${lines} is not as it was written`,
    hint: 'see what was changed: ompay audit verify',
  });
  const again = await ompay(folder, 'check', 'sign', 'rollback-rehearsed', ...words);
  expect(again).toMatchObject({ exitCode: 3, stdout: '' });
  expect(again.stderr).toContain('next: see what was changed: ompay audit verify');
});

test('what is waived blocks nothing until its day has ended, in production too', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, '.env'), 'APP_ENV=production\n');
  const until = inDays(7);
  for (const check of ['previous-release', 'rollback-script', 'backup-data', 'rollback-rehearsed']) {
    const words = ['--by', 'Awa Diop', '--reason', 'a first deploy', '--until', until];
    expect((await ompay(folder, 'check', 'waive', check, ...words)).exitCode).toBe(0);
  }
  const { exitCode, stdout } = await ompay(folder, 'check', 'run', 'rollback');
  expect(stdout).toContain('4 waived; in production nothing blocks');
  expect(exitCode).toBe(0);
});

test.each([
  [['sign', 'nothing', '--by', 'A', '--reason', 'B'], 'no check is named "nothing"'],
  [['waive', 'team-told', '--by', 'A', '--reason', 'B', '--until', '2020-01-01'], '"2020-01-01" is past'],
])('check %j is refused in one sentence, and nothing is written', async (words, said) => {
  const folder = temporaryFolder();
  const { exitCode, stdout, stderr } = await ompay(folder, 'check', ...words);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(said);
  expect(stderr.trim().split('\n')).toHaveLength(2);
  expect(existsSync(join(folder, '.ompay'))).toBe(false);
});
