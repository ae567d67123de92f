import type { Percentiles, Second } from '../types.ts';
import {
  chart,
  type Frame,
  niceStep,
  niceTicks,
  type Scale,
  type Size,
  switchLine,
  xAt,
  xAxis,
  yAt,
  yAxis,
} from './axis.ts';
import { type Html, html } from './html.ts';
import type { Voice } from './section.ts';

/** More would not be told apart; then several seconds are one bar. */
const MAX_BARS: Readonly<Record<Size, number>> = { wide: 120, narrow: 60 };

/** Requests of each second as bars, failures in front from the bottom, so that few of them are seen too. */
export function requestsChart(seconds: readonly Second[], { words, format }: Voice): Html {
  const total = (key: 'requests' | 'failed'): string => format.number(sumOf(seconds, key));
  const alt = words.requestsAlt(
    format.number(sumOf(seconds, 'lastsSeconds')),
    total('requests'),
    total('failed'),
  );
  return chart(alt, (frame, size) => {
    const { bins, scale, lengthSeconds } = binned(seconds, MAX_BARS[size]);
    const ticks = niceTicks(Math.max(1, ...bins.map(({ requests }) => requests)), 4);
    const max = ticks.at(-1) ?? 1;
    const width = Math.max(1, (xAt(frame, scale, scale.min + lengthSeconds) - frame.left) * 0.82);
    const bars = bins.map(({ second, requests, failed }) => {
      const x = xAt(frame, scale, second);
      return [
        rect('answered', frame, { x, width, y: yAt(frame, max, requests) }),
        failedBar(frame, { x, width, max, failed }),
      ];
    });
    return [
      yAxis(frame, ticks, { unit: '', shown: format.number }),
      bars,
      timeAxis(frame, scale, { words, format }),
    ];
  });
}

/** At least 3 units high: one failed request among thousands must not disappear. */
function failedBar(
  frame: Frame,
  {
    x,
    width,
    max,
    failed,
  }: { readonly x: number; readonly width: number; readonly max: number; readonly failed: number },
): Html | null {
  if (failed <= 0) return null;
  return rect('failed', frame, { x, width, y: Math.min(frame.bottom - 3, yAt(frame, max, failed)) });
}

function rect(kind: string, frame: Frame, { x, width, y }: { x: number; width: number; y: number }): Html {
  const height = Math.max(0, frame.bottom - y);
  return html`<rect class="${kind}" x="${x}" y="${y}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"/>`;
}

const PERCENTILES: readonly (keyof Percentiles)[] = ['p99Ms', 'p95Ms', 'p50Ms'];

/** P50, P95 and P99 of each second. A second without requests leaves a gap, and so does the switch. */
export function latencyChart(seconds: readonly Second[], alt: string, { words, format }: Voice): Html {
  return chart(alt, (frame, size) => {
    const { bins, scale, lengthSeconds } = binned(seconds, MAX_BARS[size]);
    const highest = Math.max(1, ...bins.flatMap((bin) => PERCENTILES.map((name) => bin[name] ?? 0)));
    const ticks = niceTicks(highest, 4);
    const max = ticks.at(-1) ?? 1;
    const lines = PERCENTILES.map((name) => {
      const points = bins.map((bin): Point => {
        const value = bin[name];
        const x = xAt(frame, scale, bin.second + lengthSeconds / 2);
        return { x, y: value === null ? null : yAt(frame, max, value), isBefore: bin.second < 0 };
      });
      return [
        pathOf(
          points.filter((point) => point.isBefore),
          `line ${name}`,
        ),
        pathOf(
          points.filter((point) => !point.isBefore),
          `line ${name}`,
        ),
      ];
    });
    return [
      yAxis(frame, ticks, { unit: words.milliseconds, shown: format.number }),
      lines,
      timeAxis(frame, scale, { words, format }),
    ];
  });
}

interface Point {
  readonly x: number;
  /** Null where nothing was measured. */
  readonly y: number | null;
  readonly isBefore: boolean;
}

function pathOf(points: readonly Point[], kind: string): Html {
  const isKnown = (index: number): boolean => (points[index]?.y ?? null) !== null;
  const path = points
    .map(({ x, y }, index) => {
      if (y === null) return '';
      // A lone point has no line: a short stroke shows it.
      const stroke = !isKnown(index - 1) && !isKnown(index + 1) ? 'h2' : '';
      return `${isKnown(index - 1) ? 'L' : 'M'}${x} ${y}${stroke}`;
    })
    .join('');
  return html`<path class="${kind}" d="${path}"/>`;
}

function timeAxis(frame: Frame, scale: Scale, { words, format }: Voice): Html[] {
  const step = Math.max(1, niceStep((scale.max - scale.min) / (frame.width > 500 ? 10 : 5)));
  const first = Math.ceil(scale.min / step) * step;
  const count = Math.floor((scale.max - first) / step) + 1;
  const marks = Array.from({ length: count }, (_, index) => first + index * step).map((second) => ({
    x: xAt(frame, scale, second),
    words: signed(second, format.number),
  }));
  const axis = xAxis(frame, marks, words.secondsFromSwitch);
  const isSeen = scale.min <= 0 && scale.max >= 0;
  return isSeen ? [axis, switchLine(frame, xAt(frame, scale, 0), words.switchMark)] : [axis];
}

/** With a true minus sign. */
function signed(second: number, shown: (value: number) => string): string {
  if (second === 0) return '0';
  return `${second < 0 ? '\u2212' : '+'}${shown(Math.abs(second))}`;
}

interface Binned {
  readonly bins: readonly Second[];
  readonly scale: Scale;
  readonly lengthSeconds: number;
}

/** Several seconds as one: the mean of their requests and failures, the worst of their percentiles. */
function binned(seconds: readonly Second[], maxBins: number): Binned {
  const first = seconds[0]?.second ?? 0;
  const last = Math.max(...seconds.map(({ second, lastsSeconds }) => second + lastsSeconds));
  const told = Math.max(...seconds.map(({ lastsSeconds }) => lastsSeconds));
  const lengthSeconds = Math.max(told, Math.ceil((last - first) / maxBins));
  // Counted from the switch, so that no bin holds seconds of both releases.
  const groups = Map.groupBy(seconds, ({ second }) => Math.floor(second / lengthSeconds) * lengthSeconds);
  const bins = [...groups].map(([second, members]) => binOf(second, members, lengthSeconds));
  const min = bins[0]?.second ?? first;
  return {
    bins,
    scale: { min, max: Math.max(last, (bins.at(-1)?.second ?? 0) + lengthSeconds) },
    lengthSeconds,
  };
}

function sumOf(seconds: readonly Second[], key: 'requests' | 'failed' | 'lastsSeconds'): number {
  return seconds.reduce((sum, each) => sum + each[key], 0);
}

function binOf(second: number, members: readonly Second[], lengthSeconds: number): Second {
  const mean = (key: 'requests' | 'failed'): number => sumOf(members, key) / sumOf(members, 'lastsSeconds');
  const worst = (key: keyof Percentiles): number | null => {
    const values = members.map((each) => each[key]).filter((value) => value !== null);
    return values.length === 0 ? null : Math.max(...values);
  };
  return {
    second,
    lastsSeconds: lengthSeconds,
    requests: mean('requests'),
    failed: mean('failed'),
    p50Ms: worst('p50Ms'),
    p95Ms: worst('p95Ms'),
    p99Ms: worst('p99Ms'),
  };
}
