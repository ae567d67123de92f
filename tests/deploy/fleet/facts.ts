import { type HostFacts, NOTHING_THERE } from '../../../src/core/carrier/facts.ts';
import { otherSlot, type Slot } from '../../../src/core/layout.ts';

/** A host that serves a release from a slot, with another one warm beside it. */
export function serving(
  slot: Slot,
  release: string,
  more: {
    readonly warm?: string;
    readonly has?: readonly string[];
    readonly accepted?: readonly string[];
  } = {},
): HostFacts {
  const { warm, has = [release, ...(warm === undefined ? [] : [warm])] } = more;
  const well = { runs: true, isHealthy: true, restarts: 0, hasCurrentSettings: true };
  const idle = warm === undefined ? NOTHING_THERE.slots.blue : { release: warm, ...well };
  const slots = { [slot]: { release, ...well }, [otherSlot(slot)]: idle };
  return {
    ...NOTHING_THERE,
    live: slot,
    slots: { ...NOTHING_THERE.slots, ...slots },
    releases: has.map((id, index) => ({
      id,
      version: '1.0.0',
      builtAt: `2026-11-${30 - index}T00:00:00.000Z`,
      newestMigration: '0004',
    })),
    accepted: more.accepted ?? has,
  };
}
