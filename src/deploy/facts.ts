import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout, Slot } from '../core/layout.ts';
import { liveSlot } from '../core/slots/live.ts';
import { acceptedReleases } from './accepted.ts';
import { listReleases } from './releases.ts';
import type { LocalServices, ServiceState } from './services.ts';
import type { LocalFacts, SlotState } from './types.ts';

export { liveSlot };

/** Looks at the local installation; changes nothing. */
export async function gatherFacts(
  layout: Layout,
  services: Pick<LocalServices, 'states' | 'keptPort'>,
): Promise<LocalFacts> {
  const states = await services.states();
  const stateOf = (name: string): ServiceState | undefined => states?.find((state) => state.name === name);
  const front = stateOf('front');
  return {
    live: liveSlot(layout),
    slots: { blue: slotState('blue', stateOf('blue')), green: slotState('green', stateOf('green')) },
    supervisorRuns: states !== undefined,
    databaseRuns: runs(stateOf('database')),
    frontRuns: runs(front),
    port: front?.port ?? services.keptPort(),
    hasData: existsSync(join(layout.data, 'PG_VERSION')),
    releases: listReleases(layout.releases),
    accepted: acceptedReleases(layout),
  };
}

function slotState(slot: Slot, state: ServiceState | undefined): SlotState {
  return { slot, release: state?.release ?? null, pid: state?.pid ?? null };
}

function runs(state: ServiceState | undefined): boolean {
  return state !== undefined && state.pid !== null;
}
