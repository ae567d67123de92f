import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { syncFolder, writeFileAtomic } from '../core/files.ts';
import type { Slot } from '../core/layout.ts';
import { type Drained, waitDrained } from '../core/slots/drain.ts';
import { liveSlot, prepareLink } from '../core/slots/live.ts';
import { isHealthy, settingsDigest } from './facts.ts';
import type { HostPaths } from './paths.ts';
import type { Units } from './units.ts';

export interface SlotsKit {
  readonly paths: HostPaths;
  readonly units: Units;
  readonly clock: Clock;
}

/** Users are in the other slot meanwhile, so a host that is slow costs nobody anything; one that is bad ends and is told by its restarts. */
const START_MS = 60_000;
const POLL_MS = 50;
const DRAIN_MS = 20_000;
/** A release that ends so often right after its start is not waited for. */
const MOST_RESTARTS = 2;

/**
 * Puts a release into a slot that is not live, and waits until it answers /health with 200. Throws `notFound` for a
 * release that is not there whole, `stateUnusable` for the live slot, `commandFailed` with its last words when it does not start.
 */
export async function startSlot(kit: SlotsKit, slot: Slot, release: string): Promise<void> {
  const { paths, units, clock } = kit;
  assertIdle(paths, slot);
  const folder = join(paths.releases, release);
  if (!/^[0-9a-z]{1,64}$/.test(release) || !existsSync(join(folder, 'api.mjs'))) {
    throw new OmpayError('notFound', `release ${JSON.stringify(release)} is not on this host`, {
      hint: 'send it: ompay deploy -e ENVIRONMENT',
    });
  }
  await waitDrained(paths.slotSockets[slot], DRAIN_MS, clock);
  fill(paths, slot, { folder, release });
  await units.start(slot);
  await healthy(kit, slot);
}

function fill(
  paths: HostPaths,
  slot: Slot,
  { folder, release }: { readonly folder: string; readonly release: string },
): void {
  const link = paths.slotLinks[slot];
  mkdirSync(dirname(link), { recursive: true });
  renameSync(prepareLink(link, folder), link);
  syncFolder(dirname(link));
  const lines = [
    '# Written by each deploy.',
    `# settings ${settingsDigest(paths)}`,
    `APP_RELEASE=${release}`,
    `API_SOCKET=${paths.slotSockets[slot]}`,
    '',
  ];
  mkdirSync(dirname(paths.slotEnvironments[slot]), { recursive: true });
  writeFileAtomic(paths.slotEnvironments[slot], lines.join('\n'), 0o600);
}

async function healthy({ paths, units, clock }: SlotsKit, slot: Slot): Promise<void> {
  const deadlineMs = clock.monotonicMs() + START_MS;
  while (!(await isHealthy(paths.slotSockets[slot]))) {
    const { runs, restarts } = (await units.states())[slot];
    const isLate = clock.monotonicMs() > deadlineMs;
    if (isLate || restarts >= MOST_RESTARTS) throw notHealthy(slot, runs, await units.lastLines(slot));
    await clock.sleep(POLL_MS);
  }
}

function notHealthy(slot: Slot, runs: boolean, said: string): OmpayError {
  const how = runs
    ? `does not answer /health with 200 within ${START_MS / 1000} s`
    : 'ends right after its start';
  return new OmpayError('commandFailed', `${slot} ${how}${said === '' ? '' : `; it wrote: ${said}`}`, {
    hint: 'read all that it wrote: ompay logs -e ENVIRONMENT',
  });
}

/** Stops a slot that is not live, once nothing is connected to it any more. */
export async function stopSlot(kit: SlotsKit, slot: Slot): Promise<void> {
  assertIdle(kit.paths, slot);
  await drainSlot(kit, slot);
  await kit.units.stop(slot);
}

/** Waits until the kernel lists no connection to the slot's socket. */
export function drainSlot({ paths, clock }: Pick<SlotsKit, 'paths' | 'clock'>, slot: Slot): Promise<Drained> {
  return waitDrained(paths.slotSockets[slot], DRAIN_MS, clock);
}

function assertIdle(paths: HostPaths, slot: Slot): void {
  if (liveSlot(paths) !== slot) return;
  throw new OmpayError('stateUnusable', `${slot} is live: users are in it`, {
    hint: 'look what serves: ompay status -e ENVIRONMENT',
  });
}
