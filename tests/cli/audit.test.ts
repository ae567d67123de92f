import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { localLayout } from '../../src/core/layout.ts';
import type { RunEvent } from '../../src/plan/event.ts';
import { journalFiles, openJournal } from '../../src/plan/journal.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { jsonLines, ompay } from '../fixtures/ompay.ts';

const DEPLOY_RUN = '01DEPLOY00000000000000000A';
const EVENTS: readonly RunEvent[] = [
  { type: 'run-started', command: 'deploy', title: 'Deploy', input: { port: 8080 } },
  { type: 'plan-started', plan: 'switch', title: 'Switch', steps: [] },
  { type: 'step-started', plan: 'switch', step: 'observe', title: 'watch' },
  {
    type: 'step-failed',
    plan: 'switch',
    step: 'observe',
    durationMs: 5,
    error: { code: 'checkBlocked', message: '3 of 20 requests failed', hint: 'ompay logs' },
  },
  { type: 'plan-failed', plan: 'switch', durationMs: 9 },
  { type: 'run-done', exitCode: 5, durationMs: 10, summary: 'rolled back', data: {} },
];

function withJournal(): { folder: string; path: string } {
  const folder = temporaryFolder();
  const files = journalFiles(localLayout(folder));
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const deploy = openJournal(files, { run: DEPLOY_RUN, by: 'ana@mac' }, clock);
  for (const event of EVENTS) deploy.append(event);
  const other = openJournal(files, { run: '01NOTE', by: 'bob@pc' }, clock);
  other.append({ type: 'note', text: 'lock acquired by hand', data: {} });
  return { folder, path: files.lines };
}

test('an installation where nothing was done says so, and is intact', async () => {
  const folder = temporaryFolder();
  expect(await ompay(folder, 'audit', 'list')).toMatchObject({
    exitCode: 0,
    stdout: 'nothing was done yet\n',
  });
  expect(await ompay(folder, 'audit', 'verify')).toMatchObject({ exitCode: 0 });
});

test('the list has one line a run: when, who, what, how it ended', async () => {
  const { folder } = withJournal();
  const { stdout } = await ompay(folder, 'audit', 'list');
  expect(stdout).toBe(
    [
      `2026-01-01T00:00:00.000Z  ${DEPLOY_RUN}  ana@mac  deploy  exit 5  rolled back`,
      '2026-01-01T00:00:00.000Z  01NOTE  bob@pc  lock acquired by hand\n',
    ].join('\n'),
  );
  expect((await ompay(folder, 'audit', 'list', '--last', '1')).stdout).not.toContain('deploy');
  expect(jsonLines((await ompay(folder, 'audit', 'list', '--json', '--all')).stdout)).toMatchObject([
    { seq: 6, event: { type: 'run-done' } },
    { seq: 7, event: { type: 'note' } },
  ]);
});

test('a killed run is in the list, and a run is one line whatever it said', async () => {
  const folder = temporaryFolder();
  const files = journalFiles(localLayout(folder));
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const deploy: RunEvent = { type: 'run-started', command: 'deploy', title: 'Deploy', input: {} };
  const runs: Readonly<Record<string, readonly RunEvent[]>> = {
    '01BLOCKED': [
      deploy,
      { type: 'note', text: 'from none to 0a1b2c3d4e5f', data: {} },
      { type: 'run-done', exitCode: 3, durationMs: 1, summary: '1 check blocks:\n  unknown a: b', data: {} },
    ],
    '01KILLED': [deploy, { type: 'note', text: 'from none to 0a1b2c3d4e5f', data: {} }],
  };
  for (const [run, events] of Object.entries(runs)) {
    const journal = openJournal(files, { run, by: 'ana@mac' }, clock);
    for (const event of events) journal.append(event);
  }
  expect((await ompay(folder, 'audit', 'list')).stdout).toBe(
    [
      '2026-01-01T00:00:00.000Z  01BLOCKED  ana@mac  deploy  exit 3  1 check blocks',
      '2026-01-01T00:00:00.000Z  01KILLED  ana@mac  deploy  no end here: killed, or still running\n',
    ].join('\n'),
  );
  const [, killed] = jsonLines((await ompay(folder, 'audit', 'list', '--json')).stdout);
  expect(killed).toMatchObject({ run: '01KILLED', event: { type: 'run-started' } });
});

test('one run is shown whole, found by the beginning of its name in any case', async () => {
  const { folder } = withJournal();
  const { stdout } = await ompay(folder, 'audit', 'list', '--run', '01dep');
  expect(stdout.trimEnd().split('\n')).toHaveLength(EVENTS.length);
  expect(stdout).toContain('step-failed switch/observe: 3 of 20 requests failed');
  expect(await ompay(folder, 'audit', 'list', '--run', 'ZZ')).toMatchObject({ exitCode: 2 });
});

test('verify exits 0 for an intact journal, and 3 for a broken one, naming the line', async () => {
  const { folder, path } = withJournal();
  expect(await ompay(folder, 'audit', 'verify')).toMatchObject({
    exitCode: 0,
    stdout: 'intact: 7 lines, chained and signed\n',
  });
  writeFileSync(path, readFileSync(path, 'utf8').replace('3 of 20 requests', '0 of 20 requests'));
  const broken = await ompay(folder, 'audit', 'verify');
  expect(broken).toMatchObject({ exitCode: 3 });
  expect(broken.stdout).toContain(`broken at line 4 of ${path}: its content does not match its hash`);
  expect(jsonLines((await ompay(folder, 'audit', 'verify', '--json')).stdout)).toMatchObject([
    { kind: 'broken', line: 4 },
  ]);
});
