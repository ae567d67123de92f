import type { Clock } from '../../core/clock.ts';
import type { Slot } from '../../core/layout.ts';
import { totalOf } from './histogram.ts';
import { RULE } from './rule.ts';
import { NO_TRAFFIC, sumOf, type Traffic, type TrafficCount, trafficBetween } from './traffic.ts';

export interface SampledSecond {
  /** When it ended, by the monotonic clock. */
  readonly endedMs: number;
  readonly traffic: TrafficCount;
}

/** What users saw of the old release before the switch. */
export interface Baseline {
  /** What the new release is compared with. */
  readonly total: TrafficCount;
  /** Whether `total` is of the half minute before the deploy, or also of the deploy's own time, which slows a small machine. */
  readonly since: 'beforeDeploy' | 'duringDeploy';
  /** While the deploy worked. */
  readonly seconds: readonly SampledSecond[];
}

export interface Sampler {
  /** Ends the sampling, with a last look, and gives what was seen. */
  finish(): Promise<Baseline>;
}

const INTERVAL_MS = 1000;
/** The newest minutes say how the old release is now, and the report draws no more. */
const MOST_SECONDS = 300;

/**
 * Takes what users saw in the half minute before, then looks at the old slot's counts once a second, beside the deploy's other work, until the switch. A look that fails
 * (the front is being started) is left out. Keeps no process alive: a deploy that fails just ends.
 */
export function startSampling(
  look: () => Promise<Traffic>,
  { slot, clock }: { readonly slot: Slot; readonly clock: Clock },
): Sampler {
  let before: Traffic | undefined;
  let calm: TrafficCount | undefined;
  let isLooking = false;
  const seconds: SampledSecond[] = [];
  const sample = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const now = await look();
      calm ??= now.recent?.[slot] ?? NO_TRAFFIC;
      if (before !== undefined)
        seconds.push({ endedMs: clock.monotonicMs(), traffic: trafficBetween(before, now, slot) });
      if (seconds.length > MOST_SECONDS) seconds.shift();
      before = now;
    } catch {
      // The next second looks again.
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void sample(), INTERVAL_MS);
  timer.unref();
  void sample();
  return {
    finish: async () => {
      clearInterval(timer);
      await sample();
      return { seconds, ...measureOf(calm ?? NO_TRAFFIC, seconds) };
    },
  };
}

/** The calm half minute, if enough requests came in it; with few, all that was seen. */
function measureOf(calm: TrafficCount, seconds: readonly SampledSecond[]): Pick<Baseline, 'total' | 'since'> {
  const requests = calm.latency === null ? 0 : totalOf(calm.latency);
  if (requests >= RULE.latency.leastRequests) return { total: calm, since: 'beforeDeploy' };
  return { total: sumOf([calm, ...seconds.map(({ traffic }) => traffic)]), since: 'duringDeploy' };
}
