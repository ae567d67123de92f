import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { localLayout } from '../../src/core/layout.ts';
import { thisProcess } from '../../src/core/process.ts';
import { acquireLock, readLock } from '../../src/plan/lock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { jsonLines, ompay } from '../fixtures/ompay.ts';

/** The lock held by an operation that runs: this test's own process. */
function heldByAnOperation(folder: string): string {
  const path = localLayout(folder).lock;
  const machine = hostname();
  const request = {
    owner: 'bob@pc',
    machine,
    run: '01RUN',
    reason: 'deploy',
    process: thisProcess(),
    expiryMs: 60_000,
  };
  acquireLock(path, request, systemClock);
  return path;
}

test('a free lock, then one taken by hand, then given back: what status says and how it exits', async () => {
  const folder = temporaryFolder();
  expect(await ompay(folder, 'lock', 'status')).toEqual({
    exitCode: 0,
    stdout: 'free (last token 0)\n',
    stderr: '',
  });
  const acquired = await ompay(folder, 'lock', 'acquire', '--reason', 'month end', '--minutes', '5');
  expect(acquired).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^held until .* UTC, token 1;/),
  });

  const held = await ompay(folder, 'lock', 'status');
  expect(held.exitCode).toBe(4);
  expect(held.stdout).toMatch(/^held\n/);
  expect(held.stdout).toContain('for     month end');
  expect(held.stdout).toContain('process none: taken by hand');

  const second = await ompay(folder, 'lock', 'acquire', '--reason', 'me too');
  expect(second).toMatchObject({ exitCode: 4, stdout: '' });
  expect(second.stderr).toMatch(/^error: the lock is held by .* \(month end, run /);

  expect(await ompay(folder, 'lock', 'release')).toMatchObject({ exitCode: 0 });
  expect(await ompay(folder, 'lock', 'status')).toMatchObject({
    exitCode: 0,
    stdout: 'free (last token 1)\n',
  });
  expect(await ompay(folder, 'lock', 'release')).toMatchObject({
    exitCode: 0,
    stdout: 'the lock was free already\n',
  });
});

test('with --json each says one document', async () => {
  const folder = temporaryFolder();
  expect(jsonLines((await ompay(folder, 'lock', 'status', '--json')).stdout)).toEqual([
    { fencingToken: 0, holder: null, held: false, stale: false },
  ]);
  const acquired = await ompay(folder, 'lock', 'acquire', '--reason', 'x', '--json');
  expect(jsonLines(acquired.stdout)).toEqual([{ token: 1, untilMs: expect.any(Number) }]);
  expect(jsonLines((await ompay(folder, 'lock', 'status', '--json')).stdout)).toMatchObject([
    { held: true, holder: { reason: 'x', process: null } },
  ]);
  expect(jsonLines((await ompay(folder, 'lock', 'release', '--json')).stdout)).toEqual([{ released: true }]);
});

test("a running operation's lock is given back only with --force, and the journal says who did it", async () => {
  const folder = temporaryFolder();
  const path = heldByAnOperation(folder);
  const refused = await ompay(folder, 'lock', 'release');
  expect(refused).toMatchObject({ exitCode: 4 });
  expect(refused.stderr).toContain(`bob@pc, deploy, process ${process.pid}`);
  expect(readLock(path).holder).not.toBeNull();

  expect(await ompay(folder, 'lock', 'release', '--force')).toMatchObject({ exitCode: 0 });
  expect(readLock(path)).toEqual({ fencingToken: 1, holder: null });
  const journal = await ompay(folder, 'audit', 'list', '--json');
  expect(jsonLines(journal.stdout)).toMatchObject([
    { event: { text: 'lock released by hand', data: { token: 1, from: 'bob@pc', run: '01RUN' } } },
  ]);
});

test('a lock whose holder is gone is shown as free and can be taken', async () => {
  const folder = temporaryFolder();
  const path = heldByAnOperation(folder);
  const state = readLock(path);
  writeFileSync(
    path,
    JSON.stringify({ ...state, holder: { ...state.holder, process: { pid: process.pid, startTime: '1' } } }),
  );
  expect(await ompay(folder, 'lock', 'status')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('free: its holder is gone'),
  });
  expect(await ompay(folder, 'lock', 'acquire', '--reason', 'mine')).toMatchObject({ exitCode: 0 });
});

test.each(['0', '1441', '1.5', 'ten', ''])('--minutes %j is refused, with what was seen', async (minutes) => {
  const result = await ompay(temporaryFolder(), 'lock', 'acquire', '--reason', 'x', '--minutes', minutes);
  expect(result).toMatchObject({ exitCode: 2, stdout: '' });
  expect(result.stderr).toContain(`from 1 to 1440, seen ${JSON.stringify(minutes)}`);
});

test('a damaged lock file stops everything with the way out', async () => {
  const folder = temporaryFolder();
  const path = heldByAnOperation(folder);
  writeFileSync(path, '{');
  for (const verb of [['status'], ['acquire', '--reason', 'x'], ['release', '--force']]) {
    const result = await ompay(folder, 'lock', ...verb);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain(`next: when no other ompay command runs: rm -f '${path}'`);
  }
});
