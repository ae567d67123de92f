import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { HostFacts, HostRelease, HostSlot } from '../core/carrier/facts.ts';
import type { Clock } from '../core/clock.ts';
import { readJson } from '../core/json.ts';
import type { Slot } from '../core/layout.ts';
import { liveSlot, targetOf } from '../core/slots/live.ts';
import { requestHere } from '../host/http.ts';
import { isStale, readLock } from '../plan/lock.ts';
import { acceptedIn } from './accepted.ts';
import type { HostPaths } from './paths.ts';
import { readPending } from './pending.ts';
import type { UnitState, Units } from './units.ts';

export interface FactsKit {
  readonly paths: HostPaths;
  readonly units: Pick<Units, 'states'>;
  readonly clock: Clock;
}

const HEALTH_MS = 3000;

/** Looks at this host; changes nothing. */
export async function gatherFacts({ paths, units, clock }: FactsKit): Promise<HostFacts> {
  const states = await units.states();
  const settings = settingsDigest(paths);
  const [blue, green] = await Promise.all([
    slotFacts(paths, 'blue', { state: states.blue, settings }),
    slotFacts(paths, 'green', { state: states.green, settings }),
  ]);
  return {
    live: liveSlot(paths),
    slots: { blue, green },
    releases: releasesIn(paths.releases),
    accepted: acceptedIn(paths.accepted),
    pending: readPending(paths.pending),
    lockedBy: lockHolder(paths, clock),
    freeBytes: freeBytes(paths.releases),
    clockMs: Math.round(clock.now()),
  };
}

async function slotFacts(
  paths: HostPaths,
  slot: Slot,
  { state, settings }: { readonly state: UnitState; readonly settings: string },
): Promise<HostSlot> {
  const socketPath = paths.slotSockets[slot];
  return {
    release: targetOf(paths.slotLinks[slot]),
    runs: state.runs,
    isHealthy: state.runs && (await isHealthy(socketPath)),
    restarts: state.restarts,
    hasCurrentSettings: textOf(paths.slotEnvironments[slot]).includes(settings),
  };
}

export async function isHealthy(socketPath: string): Promise<boolean> {
  const request = { method: 'GET', target: { socketPath }, path: '/health', timeoutMs: HEALTH_MS } as const;
  const answer = await requestHere(request).catch(() => undefined);
  return answer?.statusCode === 200;
}

/** What a slot's own environment file notes, so that a change of the host's is seen. */
export function settingsDigest(paths: Pick<HostPaths, 'environment'>): string {
  return createHash('sha256').update(textOf(paths.environment)).digest('hex');
}

/** A folder without a manifest of its own name was never finished. */
function releasesIn(folder: string): readonly HostRelease[] {
  return namesIn(folder)
    .flatMap((name) => manifestOf(join(folder, name, 'manifest.json'), name))
    .toSorted((a, b) => b.builtAt.localeCompare(a.builtAt));
}

function manifestOf(path: string, name: string): HostRelease[] {
  try {
    const origin = { what: path, code: 'stateUnusable', hint: 'ship it again: ompay deploy' } as const;
    const manifest = readJson(readFileSync(path), origin);
    const [id, version] = [manifest.text('id'), manifest.text('version')];
    const [builtAt, newestMigration] = [manifest.text('builtAt'), manifest.text('newestMigration')];
    return id === name ? [{ id, version, builtAt, newestMigration }] : [];
  } catch {
    return [];
  }
}

function lockHolder({ lock }: HostPaths, clock: Clock): string | null {
  const { holder } = readLock(lock);
  if (holder === null || isStale(holder, { machine: hostname(), nowMs: clock.now() })) return null;
  return `${holder.owner} (${holder.reason}, run ${holder.run})`;
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
