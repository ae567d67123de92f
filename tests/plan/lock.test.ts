import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startTimeOf, thisProcess } from '../../src/core/process.ts';
import {
  acquireLock,
  holdLock,
  isStale,
  LOCK_EXPIRY_MS,
  type LockRequest,
  readLock,
  releaseLock,
  renewLock,
} from '../../src/plan/lock.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startProgram } from '../fixtures/program.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const HERE = 'this-machine';

function lockPath(): string {
  return join(temporaryFolder(), 'lock');
}

function request(changed: Partial<LockRequest> = {}): LockRequest {
  return {
    owner: 'ana@mac',
    machine: HERE,
    run: '01RUN',
    reason: 'deploy',
    process: thisProcess(),
    expiryMs: LOCK_EXPIRY_MS,
    ...changed,
  };
}

test('who finds it held is told by whom, for what, since and until when', async () => {
  const path = lockPath();
  const clock = manualClock(Date.UTC(2026, 0, 1, 12, 0, 0));
  acquireLock(path, request(), clock);
  clock.pass(20_000);
  const error = await ompayErrorOf(() => acquireLock(path, request({ owner: 'bob@pc' }), clock));
  expect(error).toMatchObject({
    code: 'lockHeld',
    exitCode: 4,
    message:
      'the lock is held by ana@mac (deploy, run 01RUN, since 20 s ago, until 2026-01-01T12:01:00.000Z)',
  });
  expect(error.hint).toContain('ompay lock status');
});

test('an owner of this machine that was killed is taken over at once, a living one never', async () => {
  const path = lockPath();
  const owner = startProgram('./lock-racer.ts', [HERE]);
  await owner.line();
  owner.send(path);
  expect(await owner.line()).toBe('won 1');
  const muchLater = manualClock(Date.now() + 100 * LOCK_EXPIRY_MS);
  expect(await ompayErrorOf(() => acquireLock(path, request(), muchLater))).toMatchObject({
    code: 'lockHeld',
  });
  owner.process.kill('SIGKILL');
  await owner.ended;
  const { token, takenOverFrom } = acquireLock(path, request(), manualClock());
  expect(token).toBe(2);
  expect(takenOverFrom).toMatchObject({ process: { pid: owner.process.pid } });
});

test('an owner of another machine, or a person, is taken over after the expiry and not before', async () => {
  for (const holder of [request({ machine: 'elsewhere' }), request({ process: null })]) {
    const path = lockPath();
    const clock = manualClock();
    acquireLock(path, holder, clock);
    clock.pass(LOCK_EXPIRY_MS - 1);
    expect(await ompayErrorOf(() => acquireLock(path, request(), clock))).toMatchObject({ code: 'lockHeld' });
    clock.pass(1);
    expect(acquireLock(path, request(), clock)).toMatchObject({ token: 2 });
  }
});

test('a heartbeat lengthens the time of a remote owner', async () => {
  const path = lockPath();
  const clock = manualClock();
  const { token } = acquireLock(path, request({ machine: 'elsewhere' }), clock);
  clock.pass(LOCK_EXPIRY_MS - 1);
  renewLock(path, token, LOCK_EXPIRY_MS, clock);
  clock.pass(LOCK_EXPIRY_MS - 1);
  expect(await ompayErrorOf(() => acquireLock(path, request(), clock))).toMatchObject({ code: 'lockHeld' });
});

test('a later process with the number of a dead owner does not keep its lock', () => {
  const startTime = startTimeOf(process.pid) ?? '';
  const holder = { ...request(), acquiredAtMs: 0, expiresAtMs: 1e15 };
  const here = { machine: HERE, nowMs: 0 };
  expect(isStale({ ...holder, process: { pid: process.pid, startTime } }, here)).toBe(false);
  expect(isStale({ ...holder, process: { pid: process.pid, startTime: '1' } }, here)).toBe(true);
});

test('who lost the lock cannot lengthen it, and releasing it does nothing to the new holder', async () => {
  const path = lockPath();
  const clock = manualClock();
  const old = acquireLock(path, request({ machine: 'elsewhere' }), clock);
  clock.pass(LOCK_EXPIRY_MS);
  const now = acquireLock(path, request({ owner: 'bob@pc', run: '02RUN' }), clock);
  expect(await ompayErrorOf(() => renewLock(path, old.token, LOCK_EXPIRY_MS, clock))).toMatchObject({
    code: 'lockLost',
    message: "the lock was taken over: our token is 1, the lock's is 2, held by bob@pc, run 02RUN",
  });
  expect(releaseLock(path, old.token)).toBe(false);
  expect(readLock(path)).toMatchObject({ fencingToken: 2, holder: { run: '02RUN' } });
  expect(releaseLock(path, now.token)).toBe(true);
  expect(releaseLock(path, now.token)).toBe(false);
  expect(await ompayErrorOf(() => renewLock(path, now.token, LOCK_EXPIRY_MS, clock))).toMatchObject({
    code: 'lockLost',
  });
});

test('tokens only grow: over releases, take-overs and refusals', async () => {
  const path = lockPath();
  const clock = manualClock();
  const tokens: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const { token } = acquireLock(path, request({ machine: `m${round}` }), clock);
    await ompayErrorOf(() => acquireLock(path, request(), clock));
    tokens.push(token);
    if (round % 2 === 0) releaseLock(path, token);
    else clock.pass(LOCK_EXPIRY_MS);
  }
  expect(tokens).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a held lock says so when a heartbeat finds that another took it, and stops when it is released', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const path = lockPath();
  const clock = manualClock();
  const held = holdLock(path, request(), clock);
  const beforeMs = readLock(path).holder?.expiresAtMs ?? 0;
  clock.pass(10_000);
  vi.advanceTimersByTime(10_000);
  expect(readLock(path).holder?.expiresAtMs).toBe(beforeMs + 10_000);
  writeFileSync(path, JSON.stringify({ fencingToken: held.token + 1, holder: null }));
  expect(held.signal.aborted).toBe(false);
  vi.advanceTimersByTime(10_000);
  expect(held.signal.reason).toMatchObject({ code: 'lockLost' });
  held.release();
  expect(vi.getTimerCount()).toBe(0);
  expect(readLock(path)).toEqual({ fencingToken: held.token + 1, holder: null });
});

test('heartbeats that cannot be written for a moment lose nothing; for as long as the lock lives they end the run', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const path = lockPath();
  const clock = manualClock();
  const held = holdLock(path, request(), clock);
  onTestFinished(() => held.release());
  const beat = (): void => {
    clock.pass(10_000);
    vi.advanceTimersByTime(10_000);
  };
  const written = readFileSync(path, 'utf8');
  for (let turn = 0; turn < 2; turn += 1) {
    writeFileSync(path, 'the disk is full');
    for (let beats = 0; beats < 5; beats += 1) beat();
    expect(held.signal.aborted).toBe(false);
    writeFileSync(path, written);
    beat();
    expect(held.signal.aborted).toBe(false);
  }
  writeFileSync(path, 'the disk is full');
  for (let beats = 0; beats < 6; beats += 1) beat();
  expect(held.signal.reason).toMatchObject({ code: 'stateUnusable' });
  writeFileSync(path, written);
});

test('the lock file is for this user alone, and a free lock is one without a file', () => {
  const path = lockPath();
  expect(readLock(path)).toEqual({ fencingToken: 0, holder: null });
  acquireLock(path, request(), manualClock());
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['empty', ''],
  ['cut off', '{"fencingToken":3,"hol'],
  ['another document', '[1]'],
  ['without a token', '{"holder":null}'],
  ['with a token that is no whole number', '{"fencingToken":"3","holder":null}'],
  ['with half a holder', '{"fencingToken":3,"holder":{"run":"x","expiresAtMs":1}}'],
  [
    'with a process that is none',
    '{"fencingToken":3,"holder":{"owner":"a","machine":"m","run":"x","reason":"r","process":7,"acquiredAtMs":1,"expiresAtMs":1}}',
  ],
])('a lock file that is %s is never taken for a free lock', async (_title, text) => {
  const path = lockPath();
  writeFileSync(path, text);
  for (const act of [() => readLock(path), () => acquireLock(path, request(), manualClock())]) {
    const error = await ompayErrorOf(act);
    expect(error).toMatchObject({
      code: 'stateUnusable',
      hint: `when no other ompay command runs: rm -f '${path}' '${dirname(path)}/fence'`,
    });
  }
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a folder that cannot be used is said with its path', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const inFile = join(folder, 'file', 'lock');
  expect(await ompayErrorOf(() => acquireLock(inFile, request(), manualClock()))).toMatchObject({
    code: 'stateUnusable',
    message: `cannot make the folder ${join(folder, 'file')} (EEXIST)`,
  });
  const isFolder = join(folder, 'lock');
  mkdirSync(isFolder);
  expect(await ompayErrorOf(() => readLock(isFolder))).toMatchObject({
    code: 'stateUnusable',
    message: `cannot read the lock file ${isFolder} (EISDIR)`,
  });
});
