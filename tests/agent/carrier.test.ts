import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { type Carrier, createCarrier } from '../../src/agent/carrier.ts';
import { readPending } from '../../src/agent/pending.ts';
import { systemClock } from '../../src/core/clock.ts';
import { acquireLock, readLock } from '../../src/plan/lock.ts';
import { fillDisk, mountSmallDisk } from '../fixtures/small-disk.ts';
import { type FakeHost, fakeHost, putLive, putRelease } from './host.ts';

const RUN = '01M83A6F6NCVJ221N6CFTN69HW';
const OPERATOR = { owner: 'awa@laptop', reason: 'deploy' };

function carrierOn(host: FakeHost, leaseMs = 60_000, run = RUN): Carrier {
  return createCarrier({ ...host, clock: systemClock, run, leaseMs, say: () => {} });
}

async function hostWithOld(): Promise<FakeHost> {
  const host = fakeHost();
  putRelease(host, 'old');
  putRelease(host, 'newer');
  putLive(host, 'old');
  await host.units.start('blue');
  return host;
}

/** Begun, and the newer release started in green and armed. */
async function armed(host: FakeHost, leaseMs?: number): Promise<Carrier> {
  const carrier = carrierOn(host, leaseMs);
  await carrier.begin(OPERATOR);
  await carrier.start('green', 'newer');
  await carrier.arm('green', 'newer');
  return carrier;
}

test('a switch that is kept is live and accepted, and the old release stays warm', async () => {
  await using host = await hostWithOld();
  const carrier = await armed(host);
  await carrier.switch();
  await carrier.keep();
  const facts = await carrier.facts();
  expect(facts).toMatchObject({ live: 'green', accepted: ['newer', 'old'], pending: null });
  expect(facts.slots.blue).toMatchObject({ release: 'old', runs: true, isHealthy: true });
  await carrier.end();
  expect(readLock(host.paths.lock).holder).toBeNull();
  expect(await carrier.over).toBe('ended');
});

test('a switch is taken back, also after it was kept, and the list of accepted releases with it', async () => {
  await using host = await hostWithOld();
  for (const kept of [false, true]) {
    const carrier = await armed(host);
    await carrier.switch();
    if (kept) await carrier.keep();
    await carrier.revert();
    expect(await carrier.facts()).toMatchObject({ live: 'blue', accepted: ['old'], pending: null });
    await carrier.stop('green');
    await carrier.end();
  }
});

test('on a full disk it ends without giving the lock back: the lock of a process that has ended is free', async (context) => {
  await using host = await hostWithOld();
  const folder = dirname(host.paths.lock);
  using _disk = mountSmallDisk(context, folder, 64);
  const said: string[] = [];
  const kit = { ...host, clock: systemClock, run: RUN, leaseMs: 60_000 };
  const carrier = createCarrier({ ...kit, say: (line) => said.push(line) });
  await carrier.begin(OPERATOR);
  fillDisk(folder);
  await carrier.end();
  expect(await carrier.over).toBe('ended');
  expect(said).toEqual([expect.stringContaining('the lock ends with this process')]);
  expect(readLock(host.paths.lock).holder).toMatchObject({ run: RUN, process: { pid: process.pid } });
});

test('an operator who vanishes after the switch: the old release is live again and the lock is free', async () => {
  await using host = await hostWithOld();
  const carrier = await armed(host, 300);
  await carrier.switch();
  expect(host.live()).toBe('green.sock');
  expect(await carrier.over).toBe('abandoned');
  expect(host.live()).toBe('blue.sock');
  expect(readPending(host.paths.pending)).toBeNull();
  expect(readLock(host.paths.lock).holder).toBeNull();
  expect(host.asked.slice(-1)).toEqual(['stop green']);
});

test('an operator who vanishes during a rollback leaves the older release warm', async () => {
  await using host = await hostWithOld();
  const deploy = await armed(host);
  await deploy.switch();
  await deploy.keep();
  await deploy.end();
  const rollback = carrierOn(host, 300, '01M83A6F6NCVJ221N6CFTN69HX');
  await rollback.begin({ ...OPERATOR, reason: 'rollback' });
  await rollback.arm('blue', 'old');
  await rollback.switch();
  expect(await rollback.over).toBe('abandoned');
  expect(host.live()).toBe('green.sock');
  expect((await host.units.states()).blue.runs).toBe(true);
});

test('an operator who vanishes after keeping: the release stays', async () => {
  await using host = await hostWithOld();
  const carrier = await armed(host, 300);
  await carrier.switch();
  await carrier.keep();
  expect(await carrier.over).toBe('abandoned');
  expect(host.live()).toBe('green.sock');
});

test.each([
  ['armed', 'reverted', 'blue', ['old']],
  ['switched', 'reverted', 'blue', ['old']],
  ['kept but not cleared', 'kept', 'green', ['newer', 'old']],
] as const)('what a dead carrier left %s is %s by the next run', async (state, healed, live, accepted) => {
  await using host = await hostWithOld();
  const dead = await armed(host);
  if (state !== 'armed') await dead.switch();
  const pending = readPending(host.paths.pending);
  if (state === 'kept but not cleared') {
    await dead.keep();
    const { notePending } = await import('../../src/agent/pending.ts');
    if (pending !== null) notePending(host.paths.pending, pending);
  }
  await dead.end();
  const next = carrierOn(host, 60_000, '01M83A6F6NCVJ221N6CFTN69HX');
  expect((await next.begin(OPERATOR)).healed).toBe(healed);
  expect(await next.facts()).toMatchObject({ live, accepted, pending: null });
  await next.end();
});

test('of two operators one is refused, and told who has the lock', async () => {
  await using host = await hostWithOld();
  const who = { ...OPERATOR, machine: 'other', run: 'R', process: null, expiryMs: 60_000 };
  acquireLock(host.paths.lock, who, systemClock);
  const carrier = carrierOn(host);
  await expect(carrier.begin({ ...OPERATOR, owner: 'ana@mac' })).rejects.toMatchObject({
    code: 'lockHeld',
    message: expect.stringContaining('awa@laptop'),
  });
  await carrier.end();
});

test('nothing is changed once the lock is lost', async () => {
  await using host = await hostWithOld();
  const carrier = await armed(host);
  const { token } = { token: readLock(host.paths.lock).fencingToken };
  const { writeFileAtomic } = await import('../../src/core/files.ts');
  writeFileAtomic(host.paths.lock, JSON.stringify({ fencingToken: token + 1, holder: null }), 0o600);
  await expect(carrier.switch()).rejects.toMatchObject({ code: 'lockLost' });
  await expect(carrier.stop('green')).rejects.toMatchObject({ code: 'lockLost' });
  expect(host.live()).toBe('blue.sock');
});

test('the live slot is neither filled nor stopped, and what is not there is not started', async () => {
  await using host = await hostWithOld();
  const carrier = carrierOn(host);
  await carrier.begin(OPERATOR);
  await expect(carrier.start('blue', 'newer')).rejects.toMatchObject({ code: 'stateUnusable' });
  await expect(carrier.stop('blue')).rejects.toMatchObject({ code: 'stateUnusable' });
  for (const release of ['none', '../old', ''])
    await expect(carrier.start('green', release)).rejects.toMatchObject({ code: 'notFound' });
  await carrier.end();
});

test('a slot knows whether it was started with the settings that the host has now', async () => {
  await using host = await hostWithOld();
  const carrier = await armed(host);
  expect((await carrier.facts()).slots.green.hasCurrentSettings).toBe(true);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(host.paths.environment, 'APP_ENV=staging\nDB_POOL_SIZE=9\n');
  expect((await carrier.facts()).slots.green.hasCurrentSettings).toBe(false);
  expect(readFileSync(host.paths.slotEnvironments.green, 'utf8')).toContain('APP_RELEASE=newer\n');
  expect(existsSync(host.paths.pending)).toBe(false);
  await carrier.end();
});
