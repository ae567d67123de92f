import { messageOf, OmpayError } from '../../core/errors.ts';
import type { Slot } from '../../core/layout.ts';
import type { Inventory } from '../../core/release-inventory.ts';
import type { ReleaseManifest } from '../../core/release-manifest.ts';
import { releasePlaces } from '../../core/server-layout.ts';
import { shownAge, shownSize } from '../../core/units.ts';
import { inventoryOf } from '../../deploy/ship/inventory.ts';
import type { HostName } from '../../host/host.ts';
import type { Invocation } from '../command.ts';
import { table } from '../render.ts';
import { fleetConfig } from './fleet.ts';
import { withFleet } from './fleet-hosts.ts';

interface HostReleases {
  readonly host: HostName;
  /** Undefined where nothing was shipped yet, or when it could not be asked. */
  readonly inventory: Inventory | undefined;
  readonly error: unknown;
}

/** `ompay releases -e`: what each web host has and what is where. The exit code is that of the first host that did not answer. */
export async function showFleetReleases(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const hosts = await askHosts(invocation);
  if (output.json) for (const each of hosts) output.write(`${JSON.stringify(documentOf(each))}\n`);
  else output.write(textOf(hosts, invocation.clock.now()));
  const failed = hosts.find(({ error }) => error !== undefined)?.error;
  return failed === undefined ? 0 : failed instanceof OmpayError ? failed.exitCode : 6;
}

async function askHosts(invocation: Invocation): Promise<readonly HostReleases[]> {
  const { config, names } = fleetConfig(invocation);
  const places = { ...releasePlaces(), root: '' };
  return withFleet(invocation, config, { names }, async ({ hosts }) =>
    Promise.all(
      Object.entries(hosts).map(async ([name, host]) => {
        try {
          const inventory = await inventoryOf(host, {
            places,
            signal: invocation.signal,
            environment: config.name,
          });
          return { host: name, inventory, error: undefined };
        } catch (error) {
          invocation.signal.throwIfAborted();
          return { host: name, inventory: undefined, error };
        }
      }),
    ),
  );
}

function documentOf({ host, inventory, error }: HostReleases): object {
  if (error !== undefined) return { host, error: messageOf(error) };
  if (inventory === undefined) return { host, releases: [] };
  const { releases, ...others } = inventory;
  return {
    host,
    ...others,
    releases: releases.map((release) => ({ ...release, place: placeOf(release, inventory) })),
  };
}

function textOf(hosts: readonly HostReleases[], nowMs: number): string {
  const rows = hosts.flatMap(({ host, inventory }) =>
    (inventory?.releases ?? []).map((release) => ({ host, release, place: placeIn(release, inventory) })),
  );
  const shown = table([
    { title: 'HOST', values: rows.map(({ host }) => host) },
    { title: 'RELEASE', values: rows.map(({ release }) => release.id) },
    { title: 'PLACE', values: rows.map(({ place }) => place) },
    { title: 'VERSION', values: rows.map(({ release }) => release.version) },
    { title: 'COMMIT', values: rows.map(({ release }) => release.commit ?? '-') },
    { title: 'SCHEMA', values: rows.map(({ release }) => release.newestMigration) },
    { title: 'BUILT', values: rows.map(({ release }) => shownAge(nowMs - Date.parse(release.builtAt))) },
  ]);
  return `${rows.length === 0 ? '' : shown}${hosts.map((each) => `${hostLine(each)}\n`).join('')}`;
}

function hostLine({ host, inventory, error }: HostReleases): string {
  if (error !== undefined) {
    const hint = error instanceof OmpayError ? `\n  next: ${error.hint}` : '';
    return `${host}: ${messageOf(error)}${hint}`;
  }
  if (inventory === undefined) return `${host}: nothing was sent there yet; ompay deploy -e does`;
  const { agent, broken, runtimes, freeBytes } = inventory;
  const unfinished = broken.length === 0 ? '' : `, unfinished: ${broken.join(', ')}`;
  return `${host}: agent ${agent}, ${runtimes.length} of Node, ${shownSize(freeBytes)} free${unfinished}`;
}

function placeIn(release: ReleaseManifest, inventory: Inventory | undefined): string {
  return inventory === undefined ? '' : placeOf(release, inventory);
}

/** `live (blue)`, `ready (green)`; `accepted` where it was live once; else empty. Whether it runs: `ompay status -e`. */
export function placeOf({ id }: Pick<ReleaseManifest, 'id'>, { slots, live, accepted }: Inventory): string {
  const slot = (['blue', 'green'] as const satisfies readonly Slot[]).find((each) => slots[each] === id);
  if (slot !== undefined) return `${slot === live ? 'live' : 'ready'} (${slot})`;
  return accepted.includes(id) ? 'accepted' : '';
}
