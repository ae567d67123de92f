import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop ran what was due. */
export interface LoopMonitor {
  /** Mean over the newest whole second; 0 before there is one. */
  meanDelayMs(): number;
  stop(): void;
}

const RESOLUTION_MS = 10;
const PERIOD_MS = 1_000;
const NS_PER_MS = 1e6;

/** @param onSecond gets the longest delay of each second. */
export function startLoopMonitor(onSecond: (worstMs: number) => void): LoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let meanMs = 0;
  const timer = setInterval(() => {
    if (histogram.count === 0) return;
    meanMs = delayMs(histogram.mean);
    onSecond(delayMs(histogram.max));
    histogram.reset();
  }, PERIOD_MS);
  timer.unref();
  return {
    meanDelayMs: () => meanMs,
    stop: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

/** Node measures from one look to the next, the pause between them included. */
function delayMs(measuredNs: number): number {
  return Math.max(0, measuredNs / NS_PER_MS - RESOLUTION_MS);
}
