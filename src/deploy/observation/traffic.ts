import type { Slot } from '../../core/layout.ts';
import { combined, type Histogram } from './histogram.ts';

/** What the front counted of one slot since it started; only grows. */
export interface TrafficCount {
  readonly requests: number;
  /** 5xx answers and requests that got none. */
  readonly failed: number;
  /** Users' latencies; null from a front that is older than the fine buckets. */
  readonly latency: Histogram | null;
}

export interface Traffic {
  /** When the front started: the counts of two fronts cannot be subtracted. Epoch milliseconds. */
  readonly sinceMs: number;
  readonly targets: Readonly<Record<Slot | 'none', TrafficCount>>;
  /** Of the last half minute alone; absent from a front that is older than that count. */
  readonly recent?: Readonly<Record<Slot, TrafficCount>>;
}

export const NO_TRAFFIC: TrafficCount = { requests: 0, failed: 0, latency: null };

/** What came between two looks. A front that was started anew in between has counted from zero. */
export function trafficBetween(before: Traffic, after: Traffic, target: Slot | 'none'): TrafficCount {
  const later = after.targets[target];
  if (before.sinceMs !== after.sinceMs) return later;
  const earlier = before.targets[target];
  return {
    requests: later.requests - earlier.requests,
    failed: later.failed - earlier.failed,
    latency: differenceOf(earlier.latency, later.latency),
  };
}

/** A slot that the front had not met has no latencies yet, which is not the same as not telling them. */
function differenceOf(earlier: Histogram | null, later: Histogram | null): Histogram | null {
  if (earlier === null || later === null) return later;
  return combined(later, earlier, (more, less) => more - less);
}

/** The sum of several; without latencies when one of them with requests has none. */
export function sumOf(counts: readonly TrafficCount[]): TrafficCount {
  return counts.reduce(plus, NO_TRAFFIC);
}

function plus(one: TrafficCount, other: TrafficCount): TrafficCount {
  return {
    requests: one.requests + other.requests,
    failed: one.failed + other.failed,
    latency: latencyOfBoth(one, other),
  };
}

function latencyOfBoth(one: TrafficCount, other: TrafficCount): Histogram | null {
  if (one.latency !== null && other.latency !== null)
    return combined(one.latency, other.latency, (a, b) => a + b);
  if (one.latency === null && one.requests > 0) return null;
  if (other.latency === null && other.requests > 0) return null;
  return one.latency ?? other.latency;
}
