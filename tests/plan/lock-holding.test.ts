import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { thisProcess } from '../../src/core/process.ts';
import {
  acquireLock,
  type HeldLock,
  holdLock,
  LOCK_EXPIRY_MS,
  type LockRequest,
  readLock,
  releaseLock,
  renewLock,
} from '../../src/plan/lock.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const WHO = { owner: 'ana@mac', machine: 'this-machine', run: '01RUN', reason: 'deploy' };

function held(path: string, clock = manualClock()): HeldLock {
  const lock = holdLock(path, WHO, clock);
  onTestFinished(() => lock.release());
  return lock;
}

function request(changed: Partial<LockRequest> = {}): LockRequest {
  return { ...WHO, process: null, expiryMs: LOCK_EXPIRY_MS, ...changed };
}

test('a held lock names this process, its run and its time, and nothing else', () => {
  const path = join(temporaryFolder(), 'lock');
  const clock = manualClock();
  const { token, takenOverFrom } = held(path, clock);
  expect({ token, takenOverFrom }).toEqual({ token: 1, takenOverFrom: null });
  expect(readLock(path)).toEqual({
    fencingToken: 1,
    holder: {
      ...WHO,
      process: thisProcess(),
      acquiredAtMs: clock.now(),
      expiresAtMs: clock.now() + LOCK_EXPIRY_MS,
    },
  });
});

test('a released lock is free for the next at once, and its token is not given again', () => {
  const path = join(temporaryFolder(), 'lock');
  held(path).release();
  expect(readLock(path)).toEqual({ fencingToken: 1, holder: null });
  expect(held(path)).toMatchObject({ token: 2, takenOverFrom: null });
});

test('a held lock does not keep its process alive', () => {
  const waiting = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const before = waiting();
  held(join(temporaryFolder(), 'lock'));
  expect(waiting()).toBe(before);
});

test('who takes over from a holder is told from whom', () => {
  const path = join(temporaryFolder(), 'lock');
  const clock = manualClock();
  acquireLock(path, request({ owner: 'bob@pc' }), clock);
  clock.pass(LOCK_EXPIRY_MS);
  expect(held(path, clock)).toMatchObject({ token: 2, takenOverFrom: { owner: 'bob@pc' } });
});

test('who lost the lock to nobody is told so, and what to do', async () => {
  const path = join(temporaryFolder(), 'lock');
  const clock = manualClock();
  const { token } = acquireLock(path, request(), clock);
  releaseLock(path, token);
  expect(await ompayErrorOf(() => renewLock(path, token, LOCK_EXPIRY_MS, clock))).toMatchObject({
    code: 'lockLost',
    message: "the lock was taken over: our token is 1, the lock's is 1, held by nobody",
    hint: 'nothing was switched by this run; see `ompay lock status`, then run the command again',
  });
});

test('a lock whose holder was removed by hand is not renewed into life', async () => {
  const path = join(temporaryFolder(), 'lock');
  const clock = manualClock();
  const first = acquireLock(path, request(), clock);
  releaseLock(path, first.token);
  await ompayErrorOf(() => renewLock(path, first.token, LOCK_EXPIRY_MS, clock));
  expect(readLock(path)).toEqual({ fencingToken: 1, holder: null });
});

test('who is refused is told how to wait, and how to free a lock whose holder is gone', async () => {
  const path = join(temporaryFolder(), 'lock');
  const clock = manualClock();
  acquireLock(path, request(), clock);
  expect(await ompayErrorOf(() => acquireLock(path, request(), clock))).toMatchObject({
    hint: 'wait, or see `ompay lock status`; when its holder is known to be gone: ompay lock release --force',
  });
});
