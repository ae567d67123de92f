import type { HostFacts } from '../../core/carrier/facts.ts';
import type { HostName } from '../../host/host.ts';
import { type FleetFacts, hasRelease, idleSlot, isWarm, liveRelease, type Target } from './facts.ts';

/** How hosts that serve different releases come to serve one. */
export interface Healing {
  readonly release: string;
  readonly targets: readonly Target[];
  /** Those of the targets that do not run it yet. */
  readonly toStart: readonly Target[];
}

/**
 * Null when all hosts that serve anything serve the same. Of several, the one that most of them serve is taken; of as many,
 * the one that more of them have as well; then the one of the first host. What no other host has on its disk is never
 * taken. A host that serves nothing yet is left to the deploy. Pure.
 */
export function healingOf(facts: FleetFacts): Healing | null {
  const serving = Object.entries(facts).filter(([, { live }]) => live !== null);
  const releases = [...new Set(serving.flatMap(([, host]) => liveRelease(host) ?? []))];
  if (releases.length < 2) return null;
  const release = bestOf(releases, serving);
  const targets = serving
    .filter(([, host]) => liveRelease(host) !== release)
    .map(([host, seen]) => ({ host, slot: idleSlot(seen), release }));
  const toStart = targets.filter(({ host }) => {
    const seen = facts[host];
    return seen !== undefined && !isWarm(seen, release);
  });
  return { release, targets, toStart };
}

function bestOf(releases: readonly string[], serving: readonly (readonly [HostName, HostFacts])[]): string {
  const count = (is: (host: HostFacts) => boolean): number => serving.filter(([, host]) => is(host)).length;
  const rated = releases.map((release) => ({
    release,
    isEverywhere: count((host) => hasRelease(host, release)) === serving.length ? 1 : 0,
    serving: count((host) => liveRelease(host) === release),
    accepted: count((host) => host.accepted.includes(release)),
  }));
  // Sorting is stable: the first host's comes first among equals.
  const [best] = rated.toSorted(
    (a, b) => b.isEverywhere - a.isEverywhere || b.serving - a.serving || b.accepted - a.accepted,
  );
  if (best === undefined) throw new TypeError('there is at least one release to choose from');
  return best.release;
}
