import { OmpayError } from '../../core/errors.ts';
import type { Layout, Slot } from '../../core/layout.ts';
import type { Host } from '../../host/host.ts';
import type { Handlers } from '../../plan/act.ts';
import type { Json } from '../../plan/plan.ts';
import { acceptRelease } from '../accepted.ts';
import { observe, type TrafficCount } from '../observe.ts';
import { damagedFiles, findRelease, listReleases } from '../releases.ts';
import type { LocalServices } from '../services.ts';

export interface SlotKit {
  readonly layout: Layout;
  readonly services: LocalServices;
  /** The fencing token of the lock that this run holds. */
  readonly token: () => number;
}

/** Starting, switching, draining and watching slots. */
export function slotHandlers(kit: SlotKit): Handlers {
  const seen: RunMemory = { switched: false };
  return { ...fillHandlers(kit), ...switchHandlers(kit, seen), ...watchHandlers(kit, seen) };
}

/** What one run remembers from step to step. */
interface RunMemory {
  /** What users had seen before this run touched anything they use. */
  traffic?: TrafficCount;
  switched: boolean;
}

function fillHandlers({ layout, services, token }: SlotKit): Handlers {
  return {
    'slot.start': async ({ slot, release }, { signal }) => {
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

function switchHandlers({ services, token }: SlotKit, memory: RunMemory): Handlers {
  return {
    'slot.switch': async ({ to }) => {
      memory.traffic = await allTraffic(services);
      const { microseconds } = await services.switchTo(slotIn(to), token());
      memory.switched = true;
      return { switchMicroseconds: microseconds, shown: `${microseconds} µs` };
    },
    // Back to the old slot, or to none on a first deploy; then the slot that was not well is emptied.
    'slot.switchBack': async ({ from, to, always }) => {
      // A switch that was refused (the lock is another's now) leaves nothing of ours to put back.
      if (!memory.switched && always !== true) return {};
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

function watchHandlers({ layout, services }: SlotKit, memory: RunMemory): Handlers {
  return {
    'observe.watch': async ({ slot, port, windowMs }, context) => {
      const watched = slotIn(slot);
      memory.traffic ??= await allTraffic(services);
      const seen = await observe(
        {
          clock: context.clock,
          signal: context.signal,
          count: async () => (await services.traffic())[watched],
          restarts: async () =>
            (await services.states())?.find((state) => state.name === watched)?.restarts ?? 0,
          probe: () => probe(context.host, Number(port), context.signal),
        },
        Number(windowMs),
      );
      return { ...seen, ...(await sinceSwitch(services, memory.traffic)) };
    },
    'release.accept': async ({ release }) => {
      acceptRelease(layout, String(release));
      return {};
    },
  };
}

/** Whoever has the lock now decides about the slot: an undo of ours would only be in the way. */
async function unlessLockLost(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OmpayError && error.code === 'lockLost')) throw error;
  }
}

function slotIn(value: Json | undefined): Slot {
  if (value === 'blue' || value === 'green') return value;
  throw new TypeError(`not a slot: ${JSON.stringify(value)}`);
}

/** What users saw of both slots and of none: a request lost between them must not be lost from the count. */
async function allTraffic(services: LocalServices): Promise<TrafficCount> {
  const each = Object.values(await services.traffic());
  const sum = (key: keyof TrafficCount): number => each.reduce((total, count) => total + count[key], 0);
  return { requests: sum('requests'), failed: sum('failed') };
}

async function sinceSwitch(services: LocalServices, before: TrafficCount): Promise<Record<string, number>> {
  const now = await allTraffic(services);
  return { requests: now.requests - before.requests, failedRequests: now.failed - before.failed };
}

/** One request of our own through the front, the way of the users. */
async function probe(host: Host, port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await host.request({
      method: 'GET',
      target: { port },
      path: '/health',
      timeoutMs: 2000,
      signal,
    });
    return answer.statusCode === 200;
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}
