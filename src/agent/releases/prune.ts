import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Inventory } from '../../core/release-inventory.ts';
import type { ReleasePlaces } from '../../core/server-layout.ts';
import { takeInventory } from './inventory.ts';

export interface Pruning {
  readonly releases: readonly string[];
  readonly agents: readonly string[];
  readonly runtimes: readonly string[];
}

/** The newest: the one in use, and the one before it, which a failed upgrade goes back to. */
const KEEP_AGENTS = 2;

/**
 * What may go: all but the newest `keep` releases, those that a slot or `accepted` names, and what these and the agents run
 * on. Pure. An agent that still carries something has its file in memory.
 */
export function whatToPrune(inventory: Inventory, keep: number): Pruning {
  const { releases, broken, agents, runtimes, agent, slots, accepted } = inventory;
  const kept = new Set([
    ...releases.slice(0, keep).map(({ id }) => id),
    ...[slots.blue, slots.green].filter((id) => id !== null),
    ...accepted,
  ]);
  const keptReleases = releases.filter(({ id }) => kept.has(id));
  const keptAgents = agents.filter(({ id }, index) => id === agent || index < KEEP_AGENTS);
  const needed = new Set([
    ...keptReleases.map(({ runtime }) => runtime.sha256),
    ...keptAgents.map(({ runtime }) => runtime),
  ]);
  return {
    releases: [...releases.map(({ id }) => id), ...broken].filter((id) => !kept.has(id)),
    agents: agents.filter((each) => !keptAgents.includes(each)).map(({ id }) => id),
    runtimes: runtimes.filter((sha256) => !needed.has(sha256)),
  };
}

/** Takes away what `whatToPrune` says, as of now. What is half removed never has its name. */
export function prune(places: ReleasePlaces, keep: number): Pruning {
  const going = whatToPrune(takeInventory(places), keep);
  for (const id of going.releases) remove(places.releases, id);
  for (const id of going.agents) remove(places.agents, id);
  for (const sha256 of going.runtimes) remove(places.runtimes, sha256);
  return going;
}

function remove(folder: string, name: string): void {
  const goingAway = join(folder, `.${name}.gone`);
  rmSync(goingAway, { recursive: true, force: true });
  renameSync(join(folder, name), goingAway);
  rmSync(goingAway, { recursive: true, force: true });
}
