import { OmpayError } from '../../core/errors.ts';
import type { Layout, Slot } from '../../core/layout.ts';
import type { Host } from '../../host/host.ts';
import type { Handlers } from '../../plan/act.ts';
import type { Json } from '../../plan/plan.ts';
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
  const { layout, services } = kit;
  const baseline: { traffic?: TrafficCount } = {};
  return {
    'slot.start': async ({ slot, release }) => {
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
      await services.startSlot(slotIn(slot), found.id);
      return {};
    },
    'slot.stop': async ({ slot }) => {
      await services.stopSlot(slotIn(slot));
      return {};
    },
    'slot.switch': async ({ to }) => {
      baseline.traffic = await allTraffic(services);
      const { microseconds } = await services.switchTo(slotIn(to), kit.token());
      return { switchMicroseconds: microseconds, shown: `${microseconds} µs` };
    },
    // Back to the old slot, or to none on a first deploy; then the slot that was not well is emptied.
    'slot.switchBack': async ({ from, to }) => {
      const { microseconds } = await services.switchTo(to === null ? null : slotIn(to), kit.token());
      await services.waitDrained(slotIn(from)).catch(() => {});
      await services.stopSlot(slotIn(from));
      return { switchMicroseconds: microseconds };
    },
    'slot.drain': async ({ slot }) => {
      const { drainMs, proof } = await services.waitDrained(slotIn(slot));
      return { drainMs, proof, shown: `${drainMs} ms, proven by ${proof}` };
    },
    'observe.watch': async ({ slot, port, windowMs }, context) => {
      const watched = slotIn(slot);
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
      return { ...seen, ...(await sinceSwitch(services, baseline.traffic)) };
    },
  };
}

function slotIn(value: Json | undefined): Slot {
  if (value === 'blue' || value === 'green') return value;
  throw new TypeError(`not a slot: ${JSON.stringify(value)}`);
}

/** What users saw in both slots together: a request lost between them must not be lost from the count. */
async function allTraffic(services: LocalServices): Promise<TrafficCount> {
  const { blue, green } = await services.traffic();
  return { requests: blue.requests + green.requests, failed: blue.failed + green.failed };
}

async function sinceSwitch(
  services: LocalServices,
  before: TrafficCount | undefined,
): Promise<Record<string, number>> {
  const now = await allTraffic(services);
  const start = before ?? { requests: 0, failed: 0 };
  return { requests: now.requests - start.requests, failedRequests: now.failed - start.failed };
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
