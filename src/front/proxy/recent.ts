import { emptyLatencies } from '../../core/latency.ts';

/** What users saw of one slot of late. */
export interface RecentCounts {
  readonly requests: number;
  /** 5xx answers and requests that got none. */
  readonly failed: number;
  /** By bucket of LATENCY_BOUNDS_MS, without our own probes. */
  readonly latency: readonly number[];
}

export interface Recent {
  /** @param bucket of the latency; null for a probe. */
  count(target: string, answer: { readonly bucket: number | null; readonly hasFailed: boolean }): void;
  /** Of the last 25 to 30 s, by target; without those that had nothing. */
  counts(): Readonly<Record<string, RecentCounts>>;
}

/** Of so many parts, the oldest is thrown away whole. */
const PARTS = 6;
const PART_MS = 5000;

interface Tally {
  requests: number;
  failed: number;
  readonly latency: number[];
}

/**
 * The last half minute: how a release is when nobody deploys, since a deploy's own work slows what runs beside it. Keeps
 * no timer: parts are put aside when the next request or look comes.
 */
export function createRecent(monotonicMs: () => number): Recent {
  let parts: { readonly number: number; readonly tallies: Map<string, Tally> }[] = [];
  const current = (): Map<string, Tally> => {
    const number = Math.floor(monotonicMs() / PART_MS);
    const newest = parts.at(-1);
    if (newest?.number === number) return newest.tallies;
    const tallies = new Map<string, Tally>();
    parts = [...parts.filter((part) => part.number > number - PARTS), { number, tallies }];
    return tallies;
  };
  return {
    count: (target, { bucket, hasFailed }) => {
      const tally = tallyIn(current(), target);
      tally.requests += 1;
      if (hasFailed) tally.failed += 1;
      if (bucket !== null) tally.latency[bucket] = (tally.latency[bucket] ?? 0) + 1;
    },
    counts: () => {
      current();
      const sums = new Map<string, Tally>();
      for (const { tallies } of parts)
        for (const [target, tally] of tallies) add(tallyIn(sums, target), tally);
      return Object.fromEntries(sums);
    },
  };
}

function tallyIn(tallies: Map<string, Tally>, target: string): Tally {
  const known = tallies.get(target);
  if (known !== undefined) return known;
  const made = { requests: 0, failed: 0, latency: emptyLatencies() };
  tallies.set(target, made);
  return made;
}

function add(to: Tally, { requests, failed, latency }: Tally): void {
  to.requests += requests;
  to.failed += failed;
  for (const [bucket, count] of latency.entries()) to.latency[bucket] = (to.latency[bucket] ?? 0) + count;
}
