import { emptyLatencies, LATENCY_BOUNDS_MS, latencyBucket } from '../../../src/core/latency.ts';
import type { Histogram } from '../../../src/deploy/observation/histogram.ts';
import type { WatchedSecond } from '../../../src/deploy/observation/judge.ts';
import type { Traffic, TrafficCount } from '../../../src/deploy/observation/traffic.ts';

/** So many requests of one latency each. */
export function latencies(
  ...groups: readonly { readonly requests: number; readonly ms: number }[]
): Histogram {
  const counts = emptyLatencies();
  for (const { requests, ms } of groups) {
    const bucket = latencyBucket(ms);
    counts[bucket] = (counts[bucket] ?? 0) + requests;
  }
  return { boundsMs: LATENCY_BOUNDS_MS, counts };
}

/** A second of 200 requests at 5 ms, or as it is said. */
export function second(changed: Partial<WatchedSecond> = {}): WatchedSecond {
  const requests = changed.requests ?? 200;
  return {
    second: 1,
    requests,
    failed: 0,
    probes: 0,
    latency: latencies({ requests, ms: 5 }),
    probeLatency: null,
    controlLatency: null,
    ...changed,
  };
}

/** What a front of the time 1 has counted of green. */
export function traffic(green: Partial<TrafficCount>, sinceMs = 1): Traffic {
  const none = { requests: 0, failed: 0, latency: null };
  return { sinceMs, targets: { blue: none, none, green: { ...none, ...green } } };
}
