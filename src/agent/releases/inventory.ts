import { lstatSync, readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemCodeOf } from '../../core/errors.ts';
import type { Inventory } from '../../core/release-inventory.ts';
import { MANIFEST_FILE, parseManifest, type ReleaseManifest } from '../../core/release-manifest.ts';
import { CURRENT_AGENT, NODE_LINK, type ReleasePlaces } from '../../core/server-layout.ts';
import { acceptedIn } from '../accepted.ts';

/** What this host has. Throws when its folders of releases cannot be read. */
export function takeInventory(places: ReleasePlaces): Inventory {
  const folders = namesIn(places.releases);
  const releases = folders.flatMap((id) => manifestIn(join(places.releases, id)) ?? []);
  const agents = namesIn(places.agents).filter((name) => name !== CURRENT_AGENT);
  const cameAtMs = (id: string): number => lstatSync(join(places.agents, id)).mtimeMs;
  const live = linkTarget(places.live);
  return {
    releases: releases.toSorted((a, b) => b.builtAt.localeCompare(a.builtAt)),
    broken: folders.filter((id) => !releases.some((release) => release.id === id)),
    runtimes: namesIn(places.runtimes),
    agents: agents
      .toSorted((a, b) => cameAtMs(b) - cameAtMs(a))
      .map((id) => ({ id, runtime: runtimeOf(join(places.agents, id)) })),
    agent: linkTarget(join(places.agents, CURRENT_AGENT)) ?? '',
    slots: {
      blue: linkTarget(join(places.slots, 'blue')) ?? null,
      green: linkTarget(join(places.slots, 'green')) ?? null,
    },
    live: live === 'blue' || live === 'green' ? live : null,
    accepted: acceptedIn(places.accepted),
    freeBytes: freeBytesAt(places.releases),
  };
}

/** What begins with a dot is not whole yet, or on its way out. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function manifestIn(folder: string): ReleaseManifest | undefined {
  try {
    const path = join(folder, MANIFEST_FILE);
    const manifest = parseManifest(readFileSync(path), path);
    return manifest.id === basename(folder) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** The last name of where a link leads. */
function linkTarget(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}

/** `../../runtimes/SHA256/node` */
function runtimeOf(folder: string): string {
  try {
    return readlinkSync(join(folder, NODE_LINK)).split('/').at(-2) ?? '';
  } catch {
    return '';
  }
}

function freeBytesAt(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
