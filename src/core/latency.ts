/** An octave (a doubling) is split into this many equal parts, so a bucket is 6 to 12.5 % wide. */
const PARTS = 8;
/** From 1 ms to 65.5 s: longer than any limit that a request has. */
const OCTAVES = 16;

/**
 * Upper bounds of the buckets that latencies are counted in, milliseconds: eighths of the first millisecond, then
 * eighths of each doubling. Log-linear as in HdrHistogram. What is slower is counted in one bucket more.
 */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  ...parts((part) => part / PARTS),
  ...Array.from({ length: OCTAVES }, (_, octave) => parts((part) => 2 ** octave * (1 + part / PARTS))).flat(),
];

function parts(bound: (part: number) => number): readonly number[] {
  return Array.from({ length: PARTS }, (_, index) => bound(index + 1));
}

export function emptyLatencies(): number[] {
  return new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
}

/** The bucket of a latency: the first whose bound it does not pass. Constant time. */
export function latencyBucket(ms: number): number {
  if (!(ms > 0)) return 0;
  if (ms > 2 ** OCTAVES) return LATENCY_BOUNDS_MS.length;
  if (ms <= 1) return Math.ceil(ms * PARTS) - 1;
  const octave = Math.floor(Math.log2(ms));
  return PARTS * (octave + 1) + Math.ceil((ms / 2 ** octave - 1) * PARTS) - 1;
}

/**
 * Marks a request of our own, whose latency the front does not count: a deploy's probes ask for other things than users
 * do. Anybody may send it; all that it does is to leave that one request out of a comparison.
 */
export const PROBE_HEADER = 'x-ompay-probe';
