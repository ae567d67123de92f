import type { HostFacts } from '../../core/carrier/facts.ts';
import { otherSlot, type Slot } from '../../core/layout.ts';
import type { HostName } from '../../host/host.ts';

/** What each web host said, in the order of their names. */
export type FleetFacts = Readonly<Record<HostName, HostFacts>>;

/** Which release is to be made live on a host, and in which slot it is or will be. */
export interface Target {
  readonly host: HostName;
  readonly slot: Slot;
  readonly release: string;
}

export function liveRelease({ live, slots }: HostFacts): string | null {
  return live === null ? null : slots[live].release;
}

/** The slot that users do not see; blue when nothing is live. */
export function idleSlot({ live }: Pick<HostFacts, 'live'>): Slot {
  return live === null ? 'blue' : otherSlot(live);
}

export function targetOn(host: HostName, facts: HostFacts, release: string): Target {
  return { host, slot: idleSlot(facts), release };
}

/** Live, answering, watched to the end, and with the settings that the host has now. */
export function isServing(facts: HostFacts, release: string): boolean {
  if (facts.live === null || liveRelease(facts) !== release || facts.accepted[0] !== release) return false;
  const { isHealthy, hasCurrentSettings } = facts.slots[facts.live];
  return isHealthy && hasCurrentSettings;
}

/** Runs in the idle slot, answers, and was live and well before: a switch to it needs nothing else. */
export function isWarm(facts: HostFacts, release: string): boolean {
  const idle = facts.slots[idleSlot(facts)];
  return idle.release === release && idle.isHealthy && facts.accepted.includes(release);
}

export function hasRelease({ releases }: HostFacts, release: string): boolean {
  return releases.some(({ id }) => id === release);
}
