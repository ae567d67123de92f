import type { Slot } from '../core/layout.ts';
import { SERVER, slotEnvironment, slotLink, slotSocket } from '../core/server-layout.ts';
import type { LivePaths } from '../core/slots/live.ts';
import type { SwitchPaths } from '../core/slots/switch.ts';

/** What carrying a switch touches. */
export interface HostPaths extends LivePaths, SwitchPaths {
  readonly releases: string;
  readonly slotLinks: Readonly<Record<Slot, string>>;
  readonly slotEnvironments: Readonly<Record<Slot, string>>;
  readonly slotSockets: Readonly<Record<Slot, string>>;
  readonly environment: string;
  readonly accepted: string;
  readonly pending: string;
  readonly carriers: string;
}

/** @param root what goes before every path: a server's is empty. */
export function hostPaths(root = ''): HostPaths {
  const both = (of: (slot: Slot) => string): Readonly<Record<Slot, string>> => ({
    blue: `${root}${of('blue')}`,
    green: `${root}${of('green')}`,
  });
  return {
    releases: `${root}${SERVER.releases}`,
    slotLinks: both(slotLink),
    slotEnvironments: both(slotEnvironment),
    slotSockets: both(slotSocket),
    environment: `${root}${SERVER.environment}`,
    run: `${root}${SERVER.run}`,
    currentSocket: `${root}${SERVER.currentSocket}`,
    live: `${root}${SERVER.live}`,
    lock: `${root}${SERVER.lock}`,
    fence: `${root}${SERVER.fence}`,
    accepted: `${root}${SERVER.accepted}`,
    pending: `${root}${SERVER.pending}`,
    carriers: `${root}${SERVER.carriers}`,
  };
}
