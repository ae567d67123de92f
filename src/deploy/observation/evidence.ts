import { LATENCY_BOUNDS_MS } from '../../core/latency.ts';
import type { Json, JsonObject } from '../../plan/plan.ts';
import type { Baseline } from './baseline.ts';
import { type Histogram, quantileMs, totalOf } from './histogram.ts';
import { slowLimitOf, usualFailures, type WatchedSecond } from './judge.ts';
import { RULE } from './rule.ts';
import { NO_TRAFFIC, sumOf, type TrafficCount } from './traffic.ts';
import type { Observation } from './watch.ts';

/** The journal's line is at most 100 kB; a point has about 100 bytes. */
const MOST_POINTS = 300;

/** An observation as reports and checks read it: the evidence of kind `observation` in the journal. */
export function evidenceOf(
  observation: Observation,
  context: { readonly slot: string; readonly baseline: Baseline | null; readonly switchedMs: number },
): JsonObject {
  const { baseline, slot, switchedMs } = context;
  const { verdict, reasons, seconds, probes, windowMs, invariantLooks, compared } = observation;
  const after = seconds.map((traffic) => ({ second: traffic.second, traffic }));
  return {
    slot,
    verdict,
    reasons: [...reasons],
    baseline: baseline === null ? null : { ...summaryOf(baseline.total), since: baseline.since },
    after: summaryOf(sumOf(seconds)),
    bounds: [...LATENCY_BOUNDS_MS],
    perSecond: [...points(before(baseline, switchedMs)), ...points(after)],
    probes: { ...probes, ...probeTimesOf(seconds) },
    ledgerLooks: invariantLooks,
    comparedLatency: [...compared],
    rule: { ...RULE, windowMs, ...limitsOf(baseline) },
  };
}

interface NumberedSecond {
  readonly second: number;
  readonly traffic: TrafficCount;
}

/** Numbered backwards from the switch; the last look was not a whole second after the one before. */
function before(baseline: Baseline | null, switchedMs: number): readonly NumberedSecond[] {
  const found = new Map<number, TrafficCount>();
  for (const { endedMs, traffic } of baseline?.seconds ?? []) {
    const second = Math.min(-1, Math.floor((endedMs - switchedMs) / 1000));
    found.set(second, sumOf([found.get(second) ?? NO_TRAFFIC, traffic]));
  }
  return [...found].map(([second, traffic]) => ({ second, traffic }));
}

/** What the rule's numbers came to, with this old release. */
function limitsOf(baseline: Baseline | null): JsonObject {
  const usualFailedShare = usualFailures(baseline?.total ?? NO_TRAFFIC);
  const latency = baseline?.total.latency ?? null;
  const slow = latency === null ? null : slowLimitOf(latency);
  return { usualFailedShare, slow: slow === null ? null : { ...slow } };
}

/** Our own reads of the new release, and the same of the old one meanwhile: all there is where users are few. */
function probeTimesOf(seconds: readonly WatchedSecond[]): JsonObject {
  const p95Of = (latencies: readonly (Histogram | null)[]): Json => {
    const seen = latencies.filter((latency) => latency !== null);
    const counts = seen.map((latency) => ({ requests: totalOf(latency), failed: 0, latency }));
    return pointOf(sumOf(counts)).p95Ms ?? null;
  };
  return {
    p95Ms: p95Of(seconds.map(({ probeLatency }) => probeLatency)),
    oldP95Ms: p95Of(seconds.map(({ controlLatency }) => controlLatency)),
  };
}

function summaryOf(traffic: TrafficCount): JsonObject {
  return { ...pointOf(traffic), histogram: traffic.latency === null ? null : [...traffic.latency.counts] };
}

/** Of many seconds, each point is several (`lastsSeconds`). */
function points(seconds: readonly NumberedSecond[]): Json[] {
  const lastsSeconds = Math.max(1, Math.ceil(seconds.length / MOST_POINTS));
  const shown: Json[] = [];
  for (let from = 0; from < seconds.length; from += lastsSeconds) {
    const part = seconds.slice(from, from + lastsSeconds);
    const point = { second: part[0]?.second ?? 0, ...pointOf(sumOf(part.map(({ traffic }) => traffic))) };
    shown.push(lastsSeconds === 1 ? point : { ...point, lastsSeconds });
  }
  return shown;
}

function pointOf({ requests, failed, latency }: TrafficCount): JsonObject {
  const at = (share: number): number | null => {
    const ms = latency === null ? null : quantileMs(latency, share);
    return ms === null ? null : Math.round(ms * 100) / 100;
  };
  return { requests, failed, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
