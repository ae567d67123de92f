import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import type { Handlers } from '../../plan/act.ts';
import { acceptRelease } from '../accepted.ts';
import type { Witness } from '../observation/witness.ts';
import { damagedFiles, findRelease, listReleases } from '../releases.ts';
import type { LocalServices } from '../services.ts';
import {
  beginBaseline,
  lookBeforeSwitch,
  type ObservationMemory,
  observationHandlers,
} from './observation.ts';
import { slotIn } from './slot-name.ts';

export interface SlotKit {
  readonly layout: Layout;
  readonly services: LocalServices;
  /** The fencing token of the lock that this run holds. */
  readonly token: () => number;
  readonly witness: Witness;
  readonly run: string;
}

/** Starting, switching, draining and watching slots. */
export function slotHandlers(kit: SlotKit): Handlers {
  const seen: RunMemory = { switched: false };
  return {
    ...fillHandlers(kit, seen),
    ...switchHandlers(kit, seen),
    ...observationHandlers(kit, seen),
    'release.accept': async ({ release }) => {
      acceptRelease(kit.layout, String(release));
      return {};
    },
  };
}

/** What one run remembers from step to step. */
interface RunMemory extends ObservationMemory {
  switched: boolean;
}

function fillHandlers({ layout, services, token }: SlotKit, memory: RunMemory): Handlers {
  return {
    'slot.start': async ({ slot, release }, { signal, clock }) => {
      beginBaseline({ layout, services }, memory, { clock });
      const found = findRelease(listReleases(layout.releases), String(release));
      const damaged = damagedFiles(layout.releases, found);
      if (damaged.length > 0) {
        throw new OmpayError(
          'stateUnusable',
          `release ${found.id} was changed since it was built: ${damaged.join(', ')}`,
          {
            hint: 'build it again: ompay deploy',
          },
        );
      }
      await services.startSlot(slotIn(slot), found.id, { token: token(), signal });
      return {};
    },
    'slot.stop': async ({ slot }) => {
      await unlessLockLost(() => services.stopSlot(slotIn(slot), { token: token() }));
      return {};
    },
  };
}

function switchHandlers({ services, token, witness }: SlotKit, memory: RunMemory): Handlers {
  return {
    'slot.switch': async ({ to }, { clock }) => {
      memory.beforeSwitch = await lookBeforeSwitch({ services, witness }, memory, { clock });
      // Until it is refused for certain: an answer that was lost does not tell whether the rename was made.
      memory.switched = true;
      const { microseconds } = await services.switchTo(slotIn(to), token()).catch((error: unknown) => {
        if (isLockLost(error)) memory.switched = false;
        throw error;
      });
      return { switchMicroseconds: microseconds, shown: `${microseconds} µs` };
    },
    // Back to the old slot, or to none on a first deploy; then the slot that was not well is emptied.
    'slot.switchBack': async ({ from, to, always }) => {
      // A switch that was refused (the lock is another's now) leaves nothing of ours to put back.
      if (!memory.switched && always !== true) return {};
      // It may have died, and been the reason for going back.
      await services.ensureSupervisor();
      const { microseconds } = await services.switchTo(to === null ? null : slotIn(to), token());
      await services.waitDrained(slotIn(from)).catch(() => {});
      await services.stopSlot(slotIn(from), { token: token() });
      return { switchMicroseconds: microseconds };
    },
    'slot.drain': async ({ slot }) => {
      const { drainMs, proof } = await services.waitDrained(slotIn(slot));
      return { drainMs, proof, shown: `${drainMs} ms, proven by ${proof}` };
    },
  };
}

/** Whoever has the lock now decides about the slot: an undo of ours would only be in the way. */
async function unlessLockLost(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isLockLost(error)) throw error;
  }
}

function isLockLost(error: unknown): boolean {
  return error instanceof OmpayError && error.code === 'lockLost';
}
