import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock, LOCK_EXPIRY_MS } from '../../src/plan/lock.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { type Program, startProgram } from '../fixtures/program.ts';

/** Processes of their own that want one lock at once: seconds each, so apart from lock.test.ts. */
const HERE = 'this-machine';

test('of real processes that ask at the same moment exactly one wins, 200 times', async () => {
  const folder = temporaryFolder();
  const racers = Array.from({ length: 4 }, () => startProgram('./lock-racer.ts', [HERE]));
  await answersOf(racers);
  for (let race = 0; race < 200; race += 1) {
    const path = join(folder, `race-${race}`);
    for (const racer of racers) racer.send(path);
    const answers = await answersOf(racers);
    expect([race, answers.toSorted(byText)]).toEqual([race, ['lockHeld', 'lockHeld', 'lockHeld', 'won 1']]);
  }
}, 120_000);

test('of those that take over from a dead owner exactly one wins, 50 times', async () => {
  const folder = temporaryFolder();
  const owner = { owner: 'ana@mac', machine: HERE, run: '01RUN', reason: 'deploy' };
  const dead = { pid: process.pid, startTime: '1' };
  const racers = Array.from({ length: 4 }, () => startProgram('./lock-racer.ts', [HERE]));
  await answersOf(racers);
  for (let race = 0; race < 50; race += 1) {
    const path = join(folder, `race-${race}`);
    acquireLock(path, { ...owner, process: dead, expiryMs: LOCK_EXPIRY_MS }, manualClock());
    for (const racer of racers) racer.send(path);
    const answers = await answersOf(racers);
    expect([race, answers.toSorted(byText)]).toEqual([race, ['lockHeld', 'lockHeld', 'lockHeld', 'won 2']]);
  }
}, 120_000);

function answersOf(racers: readonly Program[]): Promise<string[]> {
  return Promise.all(racers.map((racer) => racer.line()));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
