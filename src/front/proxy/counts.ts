import type { Clock } from '../../core/clock.ts';
import { emptyLatencies, LATENCY_BOUNDS_MS, latencyBucket } from '../../core/latency.ts';
import { createRecent, type RecentCounts } from './recent.ts';

export type { RecentCounts } from './recent.ts';

/** What users saw of one slot since the front started; only ever grows, so two looks can be subtracted. */
export interface TargetCounts {
  /** Requests that were answered or failed. */
  readonly requests: number;
  /** By first digit of the status. */
  readonly status: {
    readonly '1xx': number;
    readonly '2xx': number;
    readonly '3xx': number;
    readonly '4xx': number;
    readonly '5xx': number;
  };
  /** Requests that got no answer from the slot: reset, broken off, timed out. The client saw 502 or 504 or a broken body. */
  readonly upstreamErrors: number;
  /** Requests that waited for a connection because nobody listened; they are answered late, not lost. */
  readonly connectWaits: number;
  readonly clientAborts: number;
  /**
   * How many requests took up to each of `latencyBoundsMs`, then more; not cumulative over buckets. Our own probes are
   * left out: they ask for other things than users do.
   */
  readonly latency: readonly number[];
}

export interface FrontCounts {
  readonly sinceMs: number;
  /** Open connections to the live slot at this moment; the one figure that also falls. */
  readonly upstreamConnections: number;
  /** Upper bounds of the buckets of `latency`. A front that still runs from before they were told has coarser ones. */
  readonly latencyBoundsMs?: readonly number[];
  /** By `blue.sock` and `green.sock`; `none` while nothing was live. */
  readonly targets: Readonly<Record<string, TargetCounts>>;
  /** Of the last half minute alone, by the same names; absent from a front that still runs from before it was told. */
  readonly recent?: Readonly<Record<string, RecentCounts>>;
}

interface Tally {
  requests: number;
  status: [number, number, number, number, number];
  upstreamErrors: number;
  connectWaits: number;
  clientAborts: number;
  latency: number[];
}

/** How long an exchange took, and whether it was a user's. */
export interface Took {
  readonly ms: number;
  readonly isProbe: boolean;
}

export interface Counter {
  answered(target: string, statusCode: number, took: Took): void;
  failed(target: string, took: Took): void;
  waited(target: string): void;
  aborted(target: string): void;
  counts(): FrontCounts;
}

export function createCounter(clock: Clock, upstreamConnections: () => number): Counter {
  const sinceMs = clock.now();
  const recent = createRecent(clock.monotonicMs);
  const tallies = new Map<string, Tally>();
  const tally = (target: string): Tally => {
    const known = tallies.get(target);
    if (known !== undefined) return known;
    const made: Tally = {
      requests: 0,
      status: [0, 0, 0, 0, 0],
      upstreamErrors: 0,
      connectWaits: 0,
      clientAborts: 0,
      latency: emptyLatencies(),
    };
    tallies.set(target, made);
    return made;
  };
  const count = (target: string, { ms, isProbe }: Took, hasFailed: boolean): Tally => {
    const to = tally(target);
    const bucket = isProbe ? null : latencyBucket(ms);
    to.requests += 1;
    if (bucket !== null) to.latency[bucket] = (to.latency[bucket] ?? 0) + 1;
    recent.count(target, { bucket, hasFailed });
    return to;
  };
  return {
    answered: (target, statusCode, took) => {
      const to = count(target, took, statusCode >= 500);
      const digit = Math.min(4, Math.max(0, Math.floor(statusCode / 100) - 1));
      to.status[digit] = (to.status[digit] ?? 0) + 1;
    },
    failed: (target, took) => {
      count(target, took, true).upstreamErrors += 1;
    },
    waited: (target) => {
      tally(target).connectWaits += 1;
    },
    aborted: (target) => {
      tally(target).clientAborts += 1;
    },
    counts: () => ({
      sinceMs,
      upstreamConnections: upstreamConnections(),
      latencyBoundsMs: LATENCY_BOUNDS_MS,
      targets: Object.fromEntries([...tallies].map(([name, each]) => [name, shown(each)])),
      recent: recent.counts(),
    }),
  };
}

function shown({ status, ...rest }: Tally): TargetCounts {
  return {
    ...rest,
    status: { '1xx': status[0], '2xx': status[1], '3xx': status[2], '4xx': status[3], '5xx': status[4] },
  };
}
