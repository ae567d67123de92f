import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock, LOCK_EXPIRY_MS, type LockHolder, readLock, releaseLock } from '../../src/plan/lock.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const HOLDER: LockHolder = {
  owner: 'ana@mac',
  machine: 'elsewhere',
  run: '01RUN',
  reason: 'deploy',
  process: null,
  acquiredAtMs: 1,
  expiresAtMs: 2,
};

function request() {
  const { owner, machine, run, reason } = HOLDER;
  return { owner, machine, run, reason, process: null, expiryMs: LOCK_EXPIRY_MS };
}

function lockHolding(value: unknown): string {
  const path = join(temporaryFolder(), 'lock');
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/** One that belongs to somebody else: the system's root folder, unless this user is root. */
function foreignFolder(): string {
  if (process.getuid?.() !== 0) return '/';
  const folder = temporaryFolder();
  chownSync(folder, 65_534, 65_534);
  return folder;
}

test('a lock file with everything that a holder has is read as it was written', () => {
  const state = { fencingToken: 3, holder: { ...HOLDER, process: { pid: 7, startTime: '1' } } };
  expect(readLock(lockHolding(state))).toEqual(state);
});

test.each([
  ['owner', 7],
  ['machine', 7],
  ['run', 7],
  ['reason', 7],
  ['acquiredAtMs', '1'],
  ['expiresAtMs', '2'],
  ['process', { pid: 'one' }],
])('a holder whose %s is of another kind, or missing, is not understood', async (name, other) => {
  for (const holder of [
    { ...HOLDER, [name]: other },
    { ...HOLDER, [name]: undefined },
  ]) {
    const path = lockHolding({ fencingToken: 3, holder });
    expect(await ompayErrorOf(() => readLock(path))).toMatchObject({
      message: `the lock file ${path} cannot be understood: its fields are not those of a lock`,
    });
  }
});

test.each([null, 7, 'a text', true, [], { fencingToken: 3 }, { fencingToken: 3, holder: 'ana@mac' }])(
  'a lock file that holds %j is not understood',
  async (value) => {
    const path = lockHolding(value);
    expect(await ompayErrorOf(() => readLock(path))).toMatchObject({
      code: 'stateUnusable',
      message: `the lock file ${path} cannot be understood: its fields are not those of a lock`,
    });
  },
);

test('a lock file that is no JSON is told with what the reader stumbled over', async () => {
  const path = join(temporaryFolder(), 'lock');
  writeFileSync(path, 'ana@mac');
  const { message } = await ompayErrorOf(() => readLock(path));
  expect(message).toContain(`the lock file ${path} cannot be understood: `);
  expect(message).toContain('Unexpected token');
});

test('a lock that cannot be written is said with its path, and what to do', async () => {
  // Long enough for its own name and not for the temporary file's, which has 18 characters more.
  const path = join(temporaryFolder(), 'l'.repeat(238));
  expect(await ompayErrorOf(() => acquireLock(path, request(), manualClock()))).toMatchObject({
    code: 'stateUnusable',
    message: `cannot write the lock file ${path} (ENAMETOOLONG)`,
    hint: 'free some disk space or mend the permissions: ompay doctor',
    cause: { code: 'ENAMETOOLONG' },
  });
});

test("another user's installation is not locked, nor unlocked, nor made", async () => {
  const folder = foreignFolder();
  const path = join(folder, 'lock');
  for (const act of [() => acquireLock(path, request(), manualClock()), () => releaseLock(path, 1)]) {
    const error = await ompayErrorOf(act);
    expect(error.message).toContain(`the folder ${folder} belongs to user `);
  }
  expect(statSync(`${path}.mutex`, { throwIfNoEntry: false })).toBeUndefined();
});

test('the folder of a lock is made for this user alone, with those above it', () => {
  const folder = join(temporaryFolder(), 'state', 'locks');
  acquireLock(join(folder, 'lock'), request(), manualClock());
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  mkdirSync(join(folder, 'again'));
  expect(acquireLock(join(folder, 'again', 'lock'), request(), manualClock()).token).toBe(1);
});
