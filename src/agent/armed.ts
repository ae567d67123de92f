import type { PendingSwitch } from '../core/carrier/facts.ts';
import type { Clock } from '../core/clock.ts';
import { otherSlot, type Slot } from '../core/layout.ts';
import { raiseFence } from '../core/slots/fence.ts';
import { liveSlot, targetOf } from '../core/slots/live.ts';
import { type SwitchResult, switchSlot } from '../core/slots/switch.ts';
import { acceptedIn, commitAccepted, isStaged, stageAccepted, unstageAccepted } from './accepted.ts';
import type { HostPaths } from './paths.ts';
import { clearPending, notePending, readPending } from './pending.ts';

/**
 * One switch of one host, from the moment that it is armed. On the disk it is the list of accepted releases as it will be
 * (`accepted.json.next`), then the link `pending`. Kept means that the list took its place; while it has not, whoever
 * finds the link goes back. After arming nothing needs room on the disk.
 */
export interface ArmedSwitch {
  readonly pending: PendingSwitch;
  readonly release: string;
}

export function armSwitch(
  paths: HostPaths,
  { to, token, release }: { readonly to: Slot; readonly token: number; readonly release: string },
): ArmedSwitch {
  const from = liveSlot(paths);
  raiseFence(paths, token);
  stageAccepted(paths.accepted, release);
  const pending = { from: from === to ? otherSlot(to) : from, to, token };
  notePending(paths.pending, pending);
  return { pending, release };
}

export function makeLive(paths: HostPaths, { pending }: ArmedSwitch, clock: Clock): SwitchResult {
  return switchSlot(paths, { slot: pending.to, fencingToken: pending.token }, clock);
}

/** From here on the release is one that was live and well. */
export function keepSwitch(paths: HostPaths): void {
  commitAccepted(paths.accepted);
  clearPending(paths.pending);
}

/** Everything as it was before it was armed, also after it was kept. Does nothing twice. */
export function revertSwitch(
  paths: HostPaths,
  {
    pending,
    token,
    wasKept,
  }: { readonly pending: PendingSwitch; readonly token: number; readonly wasKept: boolean },
  clock: Clock,
): SwitchResult {
  const result = switchSlot(paths, { slot: pending.from, fencingToken: token }, clock);
  clearPending(paths.pending);
  unstageAccepted(paths.accepted, wasKept);
  return result;
}

export type Healed = 'nothing' | 'kept' | 'reverted';

/** Brings a switch of a run that is gone to its end: kept when its list had taken its place, else taken back. */
export function healPending(paths: HostPaths, token: number, clock: Clock): Healed {
  const pending = readPending(paths.pending);
  if (pending === null) return 'nothing';
  if (isStaged(paths.accepted)) {
    revertSwitch(paths, { pending, token, wasKept: false }, clock);
    return 'reverted';
  }
  clearPending(paths.pending);
  return 'kept';
}

/** Whether what is in the slot was live and well before: it then stays warm. */
export function isAcceptedIn(paths: HostPaths, slot: Slot): boolean {
  const release = targetOf(paths.slotLinks[slot]);
  return release !== null && acceptedIn(paths.accepted).includes(release);
}
