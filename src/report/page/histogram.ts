import type { Observation } from '../types.ts';
import { chart, type Frame, niceTicks, xAxis, yAt, yAxis } from './axis.ts';
import { type Html, html } from './html.ts';
import type { Voice } from './section.ts';

/** Finer steps than this are noise to the eye. */
const MAX_BUCKETS = 40;

interface Bucket {
  /** Upper bound; infinite for the last of all. */
  readonly boundMs: number;
  /** Shares of all requests, 0 to 1. */
  readonly before: number;
  readonly after: number;
}

/** How long requests took, before and after, each as shares of its own requests; null when it was not recorded. */
export function distributionChart(
  observation: Observation,
  alt: string,
  { words, format }: Voice,
): Html | null {
  const buckets = bucketsOf(observation);
  if (buckets.length === 0) return null;
  const ticks = niceTicks(Math.max(...buckets.flatMap(({ before, after }) => [before, after])), 4);
  const max = ticks.at(-1) ?? 1;
  return chart(alt, (frame) => {
    const at = (index: number): number =>
      Math.round((frame.left + (index / buckets.length) * (frame.right - frame.left)) * 10) / 10;
    const area = (key: 'before' | 'after'): Html => {
      const steps = buckets
        .map((bucket, index) => `V${yAt(frame, max, bucket[key])}H${at(index + 1)}`)
        .join('');
      return html`<path class="area ${key}" d="M${frame.left} ${frame.bottom}${steps}V${frame.bottom}Z"/>`;
    };
    return [
      yAxis(frame, ticks, { unit: words.shareOfRequests, shown: format.percent }),
      observation.before === null ? null : area('before'),
      area('after'),
      xAxis(frame, boundMarks(buckets, frame, at, format.number), words.milliseconds),
    ];
  });
}

/** About one bound for every 70 units of the width. */
function boundMarks(
  buckets: readonly Bucket[],
  frame: Frame,
  at: (index: number) => number,
  shown: (value: number) => string,
): { x: number; words: string }[] {
  const every = Math.ceil(buckets.length / Math.max(1, Math.floor(frame.width / 70)));
  return buckets.flatMap(({ boundMs }, index) =>
    (index + 1) % every === 0 && Number.isFinite(boundMs)
      ? [{ x: at(index + 1), words: shown(boundMs) }]
      : [],
  );
}

/** The range that holds requests, with an empty bucket at each side. */
function bucketsOf({ before, after, boundsMs }: Observation): Bucket[] {
  const [old, young] = [before?.histogram ?? [], after?.histogram ?? []];
  const length = Math.max(old.length, young.length);
  const filled = Array.from({ length }, (_, index) => index).filter(
    (index) => (old[index] ?? 0) + (young[index] ?? 0) > 0,
  );
  const [first, last] = [filled[0], filled.at(-1)];
  if (first === undefined || last === undefined || boundsMs.length === 0) return [];
  const [from, to] = [Math.max(0, first - 1), Math.min(length, last + 2)];
  const together = Math.ceil((to - from) / MAX_BUCKETS);
  const share = shareOf(old);
  const youngShare = shareOf(young);
  return Array.from({ length: Math.ceil((to - from) / together) }, (_, index) => {
    const range = { from: from + index * together, to: Math.min(to, from + (index + 1) * together) };
    return {
      boundMs: boundsMs[range.to - 1] ?? Number.POSITIVE_INFINITY,
      before: share(range),
      after: youngShare(range),
    };
  });
}

function shareOf(histogram: readonly number[]): (range: { from: number; to: number }) => number {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const all = sum(histogram) || 1;
  return ({ from, to }) => sum(histogram.slice(from, to)) / all;
}
