import { emptyLatencies, LATENCY_BOUNDS_MS, latencyBucket } from '../../src/core/latency.ts';
import type { Histogram } from '../../src/deploy/observation/histogram.ts';
import type { WatchedSecond } from '../../src/deploy/observation/judge.ts';
import type { Random } from './random.ts';

/** How a release answers, one request like the other. */
export interface Behaviour {
  readonly failedShare: number;
  /** One request's latency, milliseconds. */
  readonly latencyMs: (random: Random) => number;
}

/** What happens to the machine, whatever the release: bursts that last, as stalls of a disk or of a collector do. */
export interface Weather {
  /** Chance that a calm second is followed by a stormy one. */
  readonly begins: number;
  readonly goesOn: number;
  /** The share of a stormy second's requests that fail with it, beside the usual failures. */
  readonly failedShare: number;
  /** In a stormy second everything stands still once, up to so long. */
  readonly longestStallMs: number;
}

export const CALM: Weather = { begins: 0, goesOn: 0, failedShare: 0, longestStallMs: 0 };
/** One second of twenty starts a storm; each goes on with 30 %. */
export const STORMY: Weather = { begins: 0.05, goesOn: 0.3, failedShare: 0.02, longestStallMs: 600 };

/** Lognormal: heavy to the right, as response times are. */
export function lognormal(medianMs: number, sigma: number): Behaviour['latencyMs'] {
  return (random) => medianMs * Math.exp(sigma * random.normal());
}

/** Seconds of traffic, each drawn from many that were made before: 10,000 runs are then seconds of work. */
export interface SecondSource {
  /** `count` seconds in a row. */
  draw(count: number, random: Random): WatchedSecond[];
}

const POOL_SECONDS = 2000;
const POOL_REQUESTS = 400_000;

/** Traffic of users and of probes, a second. */
export interface Rates {
  readonly users: number;
  readonly probes: number;
}

export function secondSource(
  behaviour: Behaviour,
  weather: Weather,
  rates: Rates,
  random: Random,
): SecondSource {
  const size = Math.max(300, Math.min(POOL_SECONDS, Math.round(POOL_REQUESTS / rates.users)));
  const pool = (isStormy: boolean): WatchedSecond[] =>
    Array.from({ length: size }, () => second(behaviour, isStormy ? weather : CALM, rates, random));
  const calm = pool(false);
  const stormy = weather.begins > 0 ? pool(true) : calm;
  return {
    draw: (count, chance) => {
      // Starts in the weather's long-run mix.
      let isStormy = chance.uniform() < weather.begins / (weather.begins + 1 - weather.goesOn);
      return Array.from({ length: count }, () => {
        isStormy = chance.uniform() < (isStormy ? weather.goesOn : weather.begins);
        const from = isStormy ? stormy : calm;
        const drawn = from[Math.floor(chance.uniform() * from.length)];
        if (drawn === undefined) throw new RangeError('an empty pool');
        return drawn;
      });
    },
  };
}

function second(behaviour: Behaviour, weather: Weather, rates: Rates, random: Random): WatchedSecond {
  const users = random.poisson(rates.users);
  const requests = users + rates.probes;
  const latencies = { users: emptyLatencies(), probes: emptyLatencies() };
  const stall = { fromMs: random.uniform() * 1000, lastsMs: random.uniform() * weather.longestStallMs };
  let failed = 0;
  for (let index = 0; index < requests; index += 1) {
    if (random.uniform() < behaviour.failedShare + weather.failedShare) failed += 1;
    const ms = behaviour.latencyMs(random) + waitedMs(stall, random.uniform() * 1000);
    count(index < users ? latencies.users : latencies.probes, ms);
  }
  return {
    second: 0,
    requests,
    failed,
    probes: rates.probes,
    latency: histogram(latencies.users),
    probeLatency: rates.probes === 0 ? null : histogram(latencies.probes),
    controlLatency: null,
  };
}

/** What comes while everything stands still waits until it goes on. */
function waitedMs(stall: { readonly fromMs: number; readonly lastsMs: number }, atMs: number): number {
  const leftMs = stall.fromMs + stall.lastsMs - atMs;
  return leftMs > 0 && leftMs < stall.lastsMs ? leftMs : 0;
}

function count(counts: number[], ms: number): void {
  const bucket = latencyBucket(ms);
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}

function histogram(counts: readonly number[]): Histogram {
  return { boundsMs: LATENCY_BOUNDS_MS, counts };
}
