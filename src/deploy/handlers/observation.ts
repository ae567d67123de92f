import { OmpayError } from '../../core/errors.ts';
import { type Layout, otherSlot, type Slot } from '../../core/layout.ts';
import { liveSlot } from '../../core/slots/live.ts';
import type { HandlerContext, Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import { readEnvironment } from '../environment.ts';
import { type Baseline, type Sampler, startSampling } from '../observation/baseline.ts';
import { evidenceOf } from '../observation/evidence.ts';
import { createProber } from '../observation/probes.ts';
import type { Traffic } from '../observation/traffic.ts';
import { createWatch, type Observation } from '../observation/watch.ts';
import type { OpenWitness, Witness } from '../observation/witness.ts';
import type { LocalServices } from '../services.ts';
import { slotIn } from './slot-name.ts';

export interface ObservationKit {
  readonly layout: Layout;
  readonly services: LocalServices;
  readonly witness: Witness;
  /** The run's id: makes the idempotency keys of probes. */
  readonly run: string;
}

/** What one run remembers of what users saw, from step to step. */
export interface ObservationMemory {
  sampler?: Sampler;
  /** Right before the switch: what users had seen, what the old release showed, where the ledger was. */
  beforeSwitch?: BeforeSwitch;
}

interface BeforeSwitch {
  readonly traffic: Traffic;
  readonly baseline: Baseline | null;
  readonly ledgerPosition: number | null;
  /** By the monotonic clock. */
  readonly ms: number;
}

/** Watching before and after a switch. */
export function observationHandlers(kit: ObservationKit, memory: ObservationMemory): Handlers {
  return {
    // The first step after the lock: what the old release shows from here on is what the new one is compared with.
    'observe.baseline': async (_input, context) => {
      beginBaseline(kit, memory, context);
      return {};
    },
    'observe.watch': async ({ slot, port, windowMs }, context) => {
      // Without a switch of this run, it goes on with a deploy that was killed: what died before is not this watch's.
      const diedBefore = memory.beforeSwitch === undefined ? await restartsOf(kit, slotIn(slot)) : 0;
      memory.beforeSwitch ??= await lookBeforeSwitch(kit, memory, context);
      const before = memory.beforeSwitch;
      const options = {
        diedBefore,
        slot: slotIn(slot),
        port: Number(port),
        windowMs: Number(windowMs),
        before,
      };
      const observation = await kit.witness.during(before.ledgerPosition, (witness) =>
        watch(kit, options, witness, context),
      );
      return conclude(kit, observation, before);
    },
  };
}

/** Does nothing when it was begun already, or nothing is live. */
export function beginBaseline(
  { layout, services }: Pick<ObservationKit, 'layout' | 'services'>,
  memory: ObservationMemory,
  { clock }: Pick<HandlerContext, 'clock'>,
): void {
  const live = liveSlot(layout);
  if (live !== null) memory.sampler ??= startSampling(services.traffic, { slot: live, clock });
}

/** The last look at the old release. A ledger that cannot be asked is looked at from the watch's beginning. */
export async function lookBeforeSwitch(
  { services, witness }: Pick<ObservationKit, 'services' | 'witness'>,
  memory: ObservationMemory,
  { clock }: Pick<HandlerContext, 'clock'>,
): Promise<BeforeSwitch> {
  const ledgerPosition = await witness.ledgerPosition().catch(() => null);
  const baseline = (await memory.sampler?.finish()) ?? null;
  return { ledgerPosition, baseline, traffic: await services.traffic(), ms: clock.monotonicMs() };
}

interface WatchOptions {
  readonly slot: Slot;
  readonly port: number;
  readonly windowMs: number;
  readonly before: BeforeSwitch;
  /** How often its process had been started again when the watch is to begin. */
  readonly diedBefore: number;
}

/** The evidence is journalled however the watch ends, also when the operator interrupts it. */
async function watch(
  kit: ObservationKit,
  { slot, port, windowMs, before, diedBefore }: WatchOptions,
  witness: OpenWitness,
  context: HandlerContext,
): Promise<Observation> {
  const { clock, signal, host, evidence } = context;
  const old = await runningSocket(kit, otherSlot(slot));
  const prober = createProber({
    host,
    clock,
    signal,
    front: { port },
    control: old === null ? null : { socketPath: old },
    accounts: witness.probeAccounts,
    run: kit.run,
  });
  const running = createWatch({
    clock,
    signal,
    slot,
    windowMs,
    from: before.traffic,
    baseline: before.baseline?.total ?? null,
    hasOld: old !== null,
    look: kit.services.traffic,
    hasDied: async () => (await restartsOf(kit, slot)) > diedBefore,
    witness,
    prober,
  });
  const keep = (observation: Observation): void =>
    evidence(
      'observation',
      evidenceOf(observation, { slot, baseline: before.baseline, switchedMs: before.ms }),
    );
  try {
    const observation = await running.run();
    keep(observation);
    // Of a bad release nothing more is asked: it may not answer, and the old one waits to serve again.
    if (observation.verdict !== 'bad') await prober.close().catch(() => {});
    return observation;
  } catch (error) {
    keep(running.seen('inconclusive', ['the watch did not come to its end']));
    throw error;
  }
}

async function conclude(
  { layout, services }: ObservationKit,
  observation: Observation,
  before: BeforeSwitch,
): Promise<JsonObject> {
  const { verdict, reasons, seconds, probes } = observation;
  if (verdict === 'bad') throw refused(reasons);
  if (verdict === 'inconclusive' && isProduction(layout)) throw refused(reasons);
  const requests = seconds.reduce((sum, second) => sum + second.requests, 0);
  const seen = `${requests} requests seen, ${probes.sent} of them our own`;
  return {
    verdict,
    reasons: [...reasons],
    shown:
      verdict === 'well'
        ? `well: ${seen}`
        : `inconclusive (${reasons.join('; ')}), promoted as it is not production`,
    observedRequests: requests,
    probes: probes.sent,
    ...(await sinceSwitch(services, before.traffic)),
  };
}

function refused(reasons: readonly string[]): OmpayError {
  return new OmpayError('checkBlocked', `the new release is not well: ${reasons.join('; ')}`, {
    hint: 'read what it wrote: ompay logs; what was seen: ompay report --last',
  });
}

function isProduction(layout: Layout): boolean {
  return readEnvironment(layout.environment).APP_ENV === 'production';
}

async function restartsOf({ services }: ObservationKit, slot: Slot): Promise<number> {
  const states = await services.states().catch(() => undefined);
  return states?.find((state) => state.name === slot)?.restarts ?? 0;
}

async function runningSocket({ services, layout }: ObservationKit, slot: Slot): Promise<string | null> {
  const states = await services.states();
  const isRunning = states?.some((state) => state.name === slot && state.pid !== null) ?? false;
  return isRunning ? layout.slotSockets[slot] : null;
}

/** Of both slots and of none: a request lost between them must not be lost from the count. */
async function sinceSwitch(services: LocalServices, before: Traffic): Promise<Record<string, number>> {
  const now = await services.traffic();
  const isSameFront = now.sinceMs === before.sinceMs;
  const sum = (traffic: Traffic, key: 'requests' | 'failed'): number =>
    Object.values(traffic.targets).reduce((total, count) => total + count[key], 0);
  const since = (key: 'requests' | 'failed'): number => sum(now, key) - (isSameFront ? sum(before, key) : 0);
  return { requests: since('requests'), failedRequests: since('failed') };
}
