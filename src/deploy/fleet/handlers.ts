import { readHostFacts } from '../../core/carrier/facts.ts';
import { OmpayError } from '../../core/errors.ts';
import { otherSlot } from '../../core/layout.ts';
import { shownSize } from '../../core/units.ts';
import type { Handler, HandlerContext, Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { slotIn } from '../handlers/slot-name.ts';
import { assertSetUp, startCarrier } from './carrier-client.ts';
import { liveRelease } from './facts.ts';
import { carrierOf, type FleetMemory } from './memory.ts';

export interface FleetHandlersKit {
  readonly memory: FleetMemory;
  readonly run: string;
  /** `user@host`, and the command. */
  readonly operator: { readonly owner: string; readonly reason: string };
  /** A host that does not hear of us for so long takes back what it has not kept. */
  readonly leaseMs: number;
}

/** A new release needs some 20 MB, its runtime 120 MB, logs and the database's client the rest. */
const LEAST_FREE_BYTES = 500_000_000;
const MOST_CLOCK_DIFFERENCE_MS = 10_000;
const CALL_MS = 5000;
const BEGIN_MS = 25_000;
const FACTS_MS = 15_000;
const START_MS = 110_000;
const STOP_MS = 70_000;
const DRAIN_MS = 25_000;
const REVERT_MS = 10_000;

/** The steps that each host's agent does; the host is the step's. */
export function fleetHandlers(kit: FleetHandlersKit): Handlers {
  const { memory } = kit;
  const ask = (command: string, timeoutMs: number, request: (input: JsonObject) => JsonObject): Handler => {
    return async (input, { host, signal }) => {
      await carrierOf(memory, host.name).call(command, request(input), { timeoutMs, signal });
      return {};
    };
  };
  const slot = (input: JsonObject): JsonObject => ({ slot: slotIn(input.slot) });
  const filled = (input: JsonObject): JsonObject => ({ ...slot(input), release: String(input.release) });
  return {
    ...openingHandlers(kit),
    'fleet.start': ask('start', START_MS, filled),
    'fleet.stop': reached(ask('stop', STOP_MS, slot), 'the next deploy fills the slot anew'),
    'fleet.arm': ask('arm', CALL_MS, filled),
    'fleet.switch': async (_input, { host, signal }) => {
      const answer = await carrierOf(memory, host.name).call('switch', {}, { timeoutMs: CALL_MS, signal });
      const microseconds = answer.whole('microseconds');
      return { switchMicroseconds: microseconds, shown: `${microseconds} µs` };
    },
    'fleet.keep': ask('keep', CALL_MS, () => ({})),
    // A host that cannot be told hears of nobody, so it goes back by itself.
    'fleet.revert': reached(
      ask('revert', REVERT_MS, () => ({})),
      `it goes back by itself within ${kit.leaseMs / 1000} s`,
    ),
    'fleet.drain': async (input, { host, signal }) => {
      const request = { slot: otherSlot(slotIn(input.slot)) };
      const answer = await carrierOf(memory, host.name).call('drain', request, {
        timeoutMs: DRAIN_MS,
        signal,
      });
      const drainMs = answer.whole('drainMs');
      return { drainMs, shown: `${drainMs} ms` };
    },
  };
}

/** Looking, locking, judging whether a host is fit, and letting go. */
function openingHandlers({ memory, run, operator, leaseMs }: FleetHandlersKit): Handlers {
  return {
    'fleet.look': async (_input, { host, signal }) => {
      const { hasAgent } = await assertSetUp(host, signal);
      return { hasAgent, shown: hasAgent ? 'set up' : 'set up, no agent yet' };
    },
    'fleet.carry': async (_input, { host }) => {
      memory.carriers.set(host.name, await startCarrier(host, run, leaseMs));
      return {};
    },
    'fleet.begin': async (_input, { host, signal }) => {
      const limits = { timeoutMs: BEGIN_MS, signal };
      // Hosts are locked one after the other, and then looked at together.
      const answer = await carrierOf(memory, host.name).call(
        'begin',
        { ...operator, facts: 'later' },
        limits,
      );
      const healed = answer.text('healed');
      const token = answer.whole('token');
      return {
        token,
        healed,
        shown: healed === 'nothing' ? `token ${token}` : `token ${token}; a switch was ${healed}`,
      };
    },
    'fleet.facts': async (_input, { host, signal, clock }) => {
      const beforeMs = clock.now();
      const answer = await carrierOf(memory, host.name).call('facts', {}, { timeoutMs: FACTS_MS, signal });
      const facts = readHostFacts(answer);
      memory.facts.set(host.name, facts);
      // The host looked at its clock last of all.
      memory.aheadMs.set(
        host.name,
        Math.max(0, facts.clockMs - clock.now()) + Math.min(0, facts.clockMs - beforeMs),
      );
      return { shown: liveRelease(facts) ?? 'nothing is live' };
    },
    'fleet.fit': async (_input, context) => judgeFit(memory, context),
    'fleet.end': async (_input, { host }) => {
      const carrier = memory.carriers.get(host.name);
      memory.carriers.delete(host.name);
      // One that cannot be told gives the lock back by itself, when its lease is over.
      await carrier?.call('end', {}, { timeoutMs: CALL_MS }).catch(() => {});
      return {};
    },
  };
}

async function judgeFit(memory: FleetMemory, { host }: HandlerContext): Promise<JsonObject> {
  const freeBytes = memory.facts.get(host.name)?.freeBytes ?? 0;
  if (freeBytes < LEAST_FREE_BYTES) {
    throw new OmpayError(
      'preflightFailed',
      `${host.name} has ${shownSize(freeBytes)} free; ${shownSize(LEAST_FREE_BYTES)} are needed`,
      { hint: `make room there: df -h /opt/ompay, or remove releases: ompay releases -e ENVIRONMENT` },
    );
  }
  const aheadMs = memory.aheadMs.get(host.name) ?? 0;
  if (Math.abs(aheadMs) > MOST_CLOCK_DIFFERENCE_MS) {
    throw new OmpayError(
      'preflightFailed',
      `the clock of ${host.name} is ${Math.round(aheadMs / 1000)} s ahead of this machine's`,
      { hint: `set it, and see why it is off: timedatectl on ${host.name}` },
    );
  }
  return { freeBytes, shown: `${shownSize(freeBytes)} free` };
}

/** For undoing: a host that cannot be reached is not failed for it, as it comes to the same end by itself. */
function reached(handler: Handler, otherwise: string): Handler {
  return async (input, context) => {
    try {
      return await handler(input, context);
    } catch (error) {
      const isGone =
        error instanceof OmpayError && ['hostUnreachable', 'timeout', 'lockLost'].includes(error.code);
      if (!isGone) throw error;
      return { isReached: false, shown: `not reached: ${otherwise}` };
    }
  };
}
