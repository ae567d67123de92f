/** Upper bounds of the latency histogram's buckets, milliseconds: a doubling each; the last bucket has none. */
export const LATENCY_BOUNDS_MS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] as const;

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
  /** How many requests took up to each of LATENCY_BOUNDS_MS, then more; not cumulative over buckets. */
  readonly latency: readonly number[];
}

export interface FrontCounts {
  readonly sinceMs: number;
  /** Open connections to the live slot at this moment; the one figure that also falls. */
  readonly upstreamConnections: number;
  /** By `blue.sock` and `green.sock`; `none` while nothing was live. */
  readonly targets: Readonly<Record<string, TargetCounts>>;
}

interface Tally {
  requests: number;
  status: [number, number, number, number, number];
  upstreamErrors: number;
  connectWaits: number;
  clientAborts: number;
  latency: number[];
}

export interface Counter {
  answered(target: string, statusCode: number, tookMs: number): void;
  failed(target: string, tookMs: number): void;
  waited(target: string): void;
  aborted(target: string): void;
  counts(): FrontCounts;
}

export function createCounter(sinceMs: number, upstreamConnections: () => number): Counter {
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
      latency: new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0),
    };
    tallies.set(target, made);
    return made;
  };
  const took = (to: Tally, ms: number): void => {
    const index = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
    const bucket = index === -1 ? LATENCY_BOUNDS_MS.length : index;
    to.latency[bucket] = (to.latency[bucket] ?? 0) + 1;
    to.requests += 1;
  };
  return {
    answered: (target, statusCode, tookMs) => {
      const to = tally(target);
      took(to, tookMs);
      const digit = Math.min(4, Math.max(0, Math.floor(statusCode / 100) - 1));
      to.status[digit] = (to.status[digit] ?? 0) + 1;
    },
    failed: (target, tookMs) => {
      const to = tally(target);
      took(to, tookMs);
      to.upstreamErrors += 1;
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
      targets: Object.fromEntries([...tallies].map(([name, each]) => [name, shown(each)])),
    }),
  };
}

function shown({ status, ...rest }: Tally): TargetCounts {
  return {
    ...rest,
    status: { '1xx': status[0], '2xx': status[1], '3xx': status[2], '4xx': status[3], '5xx': status[4] },
  };
}
