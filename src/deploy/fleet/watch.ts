import { readHostProbes, readSlotTraffic, type SlotTraffic } from '../../core/carrier/traffic.ts';
import type { JsonReader } from '../../core/json.ts';
import { LATENCY_BOUNDS_MS } from '../../core/latency.ts';
import { otherSlot, type Slot } from '../../core/layout.ts';
import type { HostName } from '../../host/host.ts';
import type { HandlerContext } from '../../plan/act.ts';
import { combined, type Histogram } from '../observation/histogram.ts';
import type { Prober, ProbeTally } from '../observation/probes.ts';
import { NO_TRAFFIC, sumOf, type Traffic, type TrafficCount } from '../observation/traffic.ts';
import { createWatch, type Watch } from '../observation/watch.ts';
import type { OpenWitness } from '../observation/witness.ts';
import { carrierOf, type FleetMemory } from './memory.ts';

const LOOK_MS = 4000;
const PROBE_MS = 6000;

/** A host, and the slot that is or will be the new one there. */
export interface WatchedHost {
  readonly host: HostName;
  readonly slot: Slot;
}

/** What all hosts counted of the old release and the new one, whatever their slots are called: `blue` is old, `green` new. */
export interface FleetTraffic {
  readonly traffic: Traffic;
  /** How often new processes were started again by themselves. */
  readonly restarts: number;
}

export async function lookAtTraffic(
  memory: FleetMemory,
  watched: readonly WatchedHost[],
): Promise<FleetTraffic> {
  const answers = await Promise.all(
    watched.map(async ({ host, slot }) => ({
      slot,
      answer: await carrierOf(memory, host).call('traffic', {}, { timeoutMs: LOOK_MS }),
    })),
  );
  const ofNew = answers.map(({ slot, answer }) => countIn(answer, slot));
  const ofOld = answers.map(({ slot, answer }) => countIn(answer, otherSlot(slot)));
  const restarts = answers.reduce((sum, { slot, answer }) => sum + answer.object('restarts').whole(slot), 0);
  return {
    traffic: { sinceMs: 0, targets: { blue: sumOf(ofOld), green: sumOf(ofNew), none: NO_TRAFFIC } },
    restarts,
  };
}

function countIn(answer: JsonReader, slot: Slot): TrafficCount {
  const counted = answer.objectOrNull(slot);
  return counted === null ? NO_TRAFFIC : trafficOf(readSlotTraffic(counted));
}

/** A process that answered nothing yet has no buckets. */
function trafficOf({ requests, failed, boundsMs, counts }: SlotTraffic): TrafficCount {
  return { requests, failed, latency: boundsMs.length === 0 ? null : { boundsMs, counts } };
}

export interface FleetWatch {
  readonly watched: readonly WatchedHost[];
  readonly windowMs: number;
  /** Right before the switch. */
  readonly before: FleetTraffic;
  /** What the old release showed from its start to the beginning of this deploy; null when nothing was live. */
  readonly baseline: TrafficCount | null;
  readonly witness: Pick<OpenWitness, 'invariants'>;
}

/** Judged by the rule that judges a deploy to this machine (docs/observation.md), from the sum of all hosts. */
export function createFleetWatch(
  memory: FleetMemory,
  { watched, windowMs, before, baseline, witness }: FleetWatch,
  { clock, signal }: Pick<HandlerContext, 'clock' | 'signal'>,
): Watch {
  const latest = { restarts: before.restarts };
  return createWatch({
    clock,
    signal,
    slot: 'green',
    windowMs,
    from: before.traffic,
    baseline,
    hasOld: baseline !== null,
    look: async () => {
      const { traffic, restarts } = await lookAtTraffic(memory, watched);
      latest.restarts = restarts;
      return traffic;
    },
    hasDied: async () => latest.restarts > before.restarts,
    witness,
    prober: fleetProber(memory, watched),
  });
}

/** Each host's agent asks its own users' way in, and the old slot beside it. */
function fleetProber(memory: FleetMemory, watched: readonly WatchedHost[]): Prober {
  const inRow = new Map<HostName, number>();
  return {
    wrongInRow: () => Math.max(0, ...inRow.values()),
    second: async (count) => {
      const each = Math.max(1, Math.ceil(count / watched.length));
      const tallies = await Promise.all(
        watched.map(async ({ host }) => {
          const tally = await probeOn(memory, host, each);
          const isAllWrong = tally.wrongInRow === tally.sent;
          inRow.set(host, tally.wrongInRow + (isAllWrong ? (inRow.get(host) ?? 0) : 0));
          return tally;
        }),
      );
      return tallies.reduce(plus, NO_PROBES);
    },
    close: async () => {},
  };
}

type HostTally = ProbeTally & { readonly wrongInRow: number };

const NO_PROBES: ProbeTally = { sent: 0, wrong: 0, wrongUnseen: 0, latency: null, control: null };

/** A host whose agent gives no answer counts as one wrong answer of its users' way in. */
async function probeOn(memory: FleetMemory, host: HostName, count: number): Promise<HostTally> {
  try {
    const answer = await carrierOf(memory, host).call('probe', { count }, { timeoutMs: PROBE_MS });
    const { sent, wrong, wrongInRow, latencies, control } = readHostProbes(answer);
    // What is asked for here is counted by no process as a user's: each wrong one is one that nobody else saw.
    return {
      sent,
      wrong,
      wrongUnseen: wrong,
      wrongInRow,
      latency: histogram(latencies),
      control: histogram(control),
    };
  } catch {
    return { sent: 1, wrong: 1, wrongUnseen: 1, wrongInRow: 1, latency: null, control: null };
  }
}

function histogram(counts: readonly number[]): Histogram | null {
  return counts.length === 0 ? null : { boundsMs: LATENCY_BOUNDS_MS, counts };
}

function plus(one: ProbeTally, other: ProbeTally): ProbeTally {
  return {
    sent: one.sent + other.sent,
    wrong: one.wrong + other.wrong,
    wrongUnseen: one.wrongUnseen + other.wrongUnseen,
    latency: both(one.latency, other.latency),
    control: both(one.control, other.control),
  };
}

function both(one: Histogram | null, other: Histogram | null): Histogram | null {
  if (one === null || other === null) return one ?? other;
  return combined(one, other, (a, b) => a + b);
}
