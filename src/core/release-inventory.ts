import type { JsonReader } from './json.ts';
import type { Slot } from './layout.ts';
import { type ReleaseManifest, readManifest } from './release-manifest.ts';

/** What a host has, and what of it is in use, as its agent tells. Nothing is proven by it: `verify` does that. */
export interface Inventory {
  /** Newest first; only folders with a readable manifest of their own name. */
  readonly releases: readonly ReleaseManifest[];
  /** Names under `releases` that are none. */
  readonly broken: readonly string[];
  readonly runtimes: readonly string[];
  /** Newest first. */
  readonly agents: readonly InventoryAgent[];
  /** What `current` names; empty without one. */
  readonly agent: string;
  /** The release in each. */
  readonly slots: Readonly<Record<Slot, string | null>>;
  readonly live: Slot | null;
  /** Releases that were live and watched to the end, newest first. */
  readonly accepted: readonly string[];
  readonly freeBytes: number;
}

export interface InventoryAgent {
  readonly id: string;
  /** SHA-256 of the runtime that it runs on; empty when its link leads nowhere. */
  readonly runtime: string;
}

/** Reads what the agent printed. */
export function readInventory(reader: JsonReader): Inventory {
  const slots = reader.object('slots');
  const live = reader.textOrNull('live');
  return {
    releases: reader.list('releases', readManifest),
    broken: reader.textList('broken'),
    runtimes: reader.textList('runtimes'),
    agents: reader.list('agents', (agent) => ({ id: agent.text('id'), runtime: agent.text('runtime') })),
    agent: reader.text('agent'),
    slots: { blue: slots.textOrNull('blue'), green: slots.textOrNull('green') },
    live: live === 'blue' || live === 'green' ? live : null,
    accepted: reader.textList('accepted'),
    freeBytes: reader.whole('freeBytes'),
  };
}
