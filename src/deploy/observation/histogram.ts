/** Latencies as counts by bucket. Two of the same front can be added and subtracted. */
export interface Histogram {
  /** Upper bounds, milliseconds, rising. */
  readonly boundsMs: readonly number[];
  /** One a bound, and one for what is slower than the last; not cumulative. */
  readonly counts: readonly number[];
}

export function totalOf({ counts }: Histogram): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Null when the buckets are not the same. */
export function combined(
  one: Histogram,
  other: Histogram,
  combine: (one: number, other: number) => number,
): Histogram | null {
  if (one.counts.length !== other.counts.length) return null;
  return {
    boundsMs: one.boundsMs,
    counts: one.counts.map((count, index) => combine(count, other.counts[index] ?? 0)),
  };
}

/** The latency that `share` (0 to 1) of the requests did not pass, interpolated inside its bucket; null without requests. */
export function quantileMs(histogram: Histogram, share: number): number | null {
  const total = totalOf(histogram);
  if (total === 0) return null;
  let left = total * share;
  for (const [index, count] of histogram.counts.entries()) {
    if (count >= left && count > 0) return inBucket(histogram, index, left / count);
    left -= count;
  }
  return histogram.boundsMs.at(-1) ?? null;
}

/** How many of the requests took longer, interpolated inside the bucket of `ms`. */
export function countAbove({ boundsMs, counts }: Histogram, ms: number): number {
  return counts.reduce((sum, count, index) => {
    const lower = boundsMs[index - 1] ?? 0;
    const upper = boundsMs[index] ?? Number.POSITIVE_INFINITY;
    if (ms <= lower) return sum + count;
    if (ms >= upper || upper === Number.POSITIVE_INFINITY) return sum;
    return sum + (count * (upper - ms)) / (upper - lower);
  }, 0);
}

function inBucket({ boundsMs }: Histogram, index: number, position: number): number {
  const lower = boundsMs[index - 1] ?? 0;
  const upper = boundsMs[index] ?? lower;
  return lower + (upper - lower) * position;
}
