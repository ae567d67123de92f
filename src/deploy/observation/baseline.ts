import type { Clock } from '../../core/clock.ts';
import type { Slot } from '../../core/layout.ts';
import { sumOf, type Traffic, type TrafficCount, trafficBetween } from './traffic.ts';

export interface SampledSecond {
  /** When it ended, by the monotonic clock. */
  readonly endedMs: number;
  readonly traffic: TrafficCount;
}

/** What users saw of the old release before the switch. */
export interface Baseline {
  readonly total: TrafficCount;
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
 * Looks at the old slot's counts once a second, beside the deploy's other work, until the switch. A look that fails
 * (the front is being started) is left out. Keeps no process alive: a deploy that fails just ends.
 */
export function startSampling(
  look: () => Promise<Traffic>,
  { slot, clock }: { readonly slot: Slot; readonly clock: Clock },
): Sampler {
  let before: Traffic | undefined;
  let isLooking = false;
  const seconds: SampledSecond[] = [];
  const sample = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const now = await look();
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
      return { seconds, total: sumOf(seconds.map(({ traffic }) => traffic)) };
    },
  };
}
