import { OmpayError } from '../../core/errors.ts';
import { otherSlot } from '../../core/layout.ts';
import type { HandlerContext, Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import type { Baseline } from '../observation/baseline.ts';
import { evidenceOf } from '../observation/evidence.ts';
import type { TrafficCount } from '../observation/traffic.ts';
import type { Observation } from '../observation/watch.ts';
import type { OpenWitness } from '../observation/witness.ts';
import { type FleetFacts, idleSlot, type Target } from './facts.ts';
import type { FleetMemory } from './memory.ts';
import { createFleetWatch, type FleetTraffic, lookAtTraffic } from './watch.ts';

export interface FleetObservationKit {
  readonly memory: FleetMemory;
  readonly witness: Pick<OpenWitness, 'invariants'>;
  /** In production, what could not be concluded is not kept. */
  readonly isProduction: boolean;
}

/** What one run remembers of what users saw before. */
export interface FleetSight {
  /** The old release, from its start to the beginning of the deploy. */
  calm?: FleetTraffic | undefined;
  /** Right before the switch, of the hosts that switch. */
  before?: {
    readonly watched: readonly Target[];
    readonly traffic: FleetTraffic;
    readonly hasOld: boolean;
  };
}

/** Before anything is started: the old release, without the deploy's own work beside it. */
export async function lookBeforeDeploy(
  memory: FleetMemory,
  sight: FleetSight,
  facts: FleetFacts,
): Promise<void> {
  const watched = Object.entries(facts).map(([host, seen]) => ({ host, slot: idleSlot(seen) }));
  sight.calm = await lookAtTraffic(memory, watched).catch(() => undefined);
}

export async function lookBeforeSwitch(
  memory: FleetMemory,
  sight: FleetSight,
  watched: readonly Target[],
): Promise<void> {
  const hasOld = watched.some(({ host, slot }) => memory.facts.get(host)?.slots[otherSlot(slot)].isHealthy);
  sight.before = { watched, traffic: await lookAtTraffic(memory, watched), hasOld };
}

/** `fleet.watch`, after `lookBeforeSwitch`. */
export function observationHandlers(
  { memory, witness, isProduction }: FleetObservationKit,
  sight: FleetSight,
): Handlers {
  return {
    'fleet.watch': async ({ windowMs }, context) => {
      if (sight.before === undefined) throw new TypeError('hosts are looked at before they switch');
      const { watched, traffic, hasOld } = sight.before;
      const baseline = hasOld ? (sight.calm?.traffic.targets.blue ?? null) : null;
      const asked = { watched, windowMs: Number(windowMs), before: traffic, baseline, witness };
      const watch = createFleetWatch(memory, asked, context);
      const keep = keeper(context, baseline);
      try {
        const observation = await watch.run();
        keep(observation);
        return conclude(observation, isProduction);
      } catch (error) {
        if (!isVerdict(error)) keep(watch.seen('inconclusive', ['the watch did not come to its end']));
        throw error;
      }
    },
  };
}

/** The evidence is journalled however the watch ends. */
function keeper(
  { evidence, clock }: HandlerContext,
  baseline: TrafficCount | null,
): (observation: Observation) => void {
  const switchedMs = clock.monotonicMs();
  const before: Baseline | null =
    baseline === null ? null : { total: baseline, since: 'beforeDeploy', seconds: [] };
  return (observation) =>
    evidence('observation', evidenceOf(observation, { slot: 'green', baseline: before, switchedMs }));
}

function isVerdict(error: unknown): boolean {
  return error instanceof OmpayError && error.code === 'checkBlocked';
}

function conclude({ verdict, reasons, seconds, probes }: Observation, isProduction: boolean): JsonObject {
  if (verdict === 'bad' || (verdict === 'inconclusive' && isProduction)) {
    throw new OmpayError('checkBlocked', `the new release is not well: ${reasons.join('; ')}`, {
      hint: 'read what it wrote: ompay logs -e ENVIRONMENT; what was seen: ompay report --last',
    });
  }
  const sum = (of: (second: (typeof seconds)[number]) => number): number =>
    seconds.reduce((total, second) => total + of(second), 0);
  const requests = sum((second) => second.requests);
  const seen = `${requests} requests seen, ${probes.sent} of them our own`;
  return {
    verdict,
    reasons: [...reasons],
    shown:
      verdict === 'well'
        ? `well: ${seen}`
        : `inconclusive (${reasons.join('; ')}), kept as it is not production`,
    requests,
    failedRequests: sum((second) => second.failed),
    probes: probes.sent,
  };
}
