import { combined, countAbove, type Histogram, quantileMs, totalOf } from './histogram.ts';
import { RULE } from './rule.ts';
import { createSequentialTest, type SequentialTest } from './sequential.ts';
import { NO_TRAFFIC, type TrafficCount } from './traffic.ts';

/** One second after the switch. `latency` is the users'. */
export interface WatchedSecond extends TrafficCount {
  /** From 1; a busy machine may leave some out, and the next one then has what came in them. */
  readonly second: number;
  /** How many of the requests were our own. */
  readonly probes: number;
  /** Our own reads of the new release; null when none was sent. */
  readonly probeLatency: Histogram | null;
  /** The same reads, asked of the old release at the same time. */
  readonly controlLatency: Histogram | null;
}

export interface Judge {
  /** Judges one more second of the new release; why it is bad, or undefined. */
  add(second: WatchedSecond): string | undefined;
  /** Of whose latencies enough were seen to be compared with the old release's. */
  compared(): readonly ('users' | 'probes')[];
}

/**
 * Judges failures against what the old release showed before the switch, P95 likewise, and P95 of our own reads against
 * the old release's at the same time: that one says something when users are few, and only then, since the users' work
 * would be the new one's alone. Pure but for what it remembers.
 */
export function createJudge(baseline: TrafficCount | null, windowSeconds: number): Judge {
  const errors = judgeErrors(baseline ?? NO_TRAFFIC, windowSeconds);
  const users = compareLatency(windowSeconds, 'users');
  const probes = compareLatency(windowSeconds, 'our own requests');
  if (baseline?.latency != null) users.learn(baseline.latency);
  return {
    add: (second) => {
      const { latency, probeLatency, controlLatency } = second;
      const isMostlyOurs = 2 * second.probes >= second.requests;
      if (isMostlyOurs && controlLatency !== null && !probes.hasLearnt()) probes.learn(controlLatency);
      // All three are told, whatever one of them says.
      const found = [errors.add(second), users.add(latency), probes.add(isMostlyOurs ? probeLatency : null)];
      return found.find((reason) => reason !== undefined);
    },
    compared: () => [
      ...(users.hasCompared() ? (['users'] as const) : []),
      ...(probes.hasCompared() ? (['probes'] as const) : []),
    ],
  };
}

function judgeErrors(
  baseline: TrafficCount,
  windowSeconds: number,
): { add(second: TrafficCount): string | undefined } {
  const usualShare = usualFailures(baseline);
  const { leastBadShare, badFactor, mostOfOneSecond } = RULE.errors;
  const badShare = Math.max(leastBadShare, badFactor * usualShare);
  const test = testOf({ usualShare, badShare, mostOfOneSecond }, windowSeconds);
  const seen = { requests: 0, failed: 0 };
  return {
    add: ({ requests, failed }) => {
      seen.requests += requests;
      seen.failed += failed;
      if (!test.add({ events: failed, trials: requests })) return undefined;
      return `${seen.failed} of ${seen.requests} requests failed (usual: ${percent(usualShare)})`;
    },
  };
}

/** A few requests show little, for or against: the share is drawn towards a usual one, and is never less than the least. */
export function usualFailures({ requests, failed }: TrafficCount): number {
  const { leastUsualShare, mostUsualShare, priorFailed, priorRequests } = RULE.errors;
  const shown = (failed + priorFailed) / (requests + priorRequests);
  return Math.min(mostUsualShare, Math.max(leastUsualShare, shown));
}

interface LatencyComparison {
  /** Adds to what the old release showed; once enough is known, the limit stays as it is. */
  learn(old: Histogram): void;
  hasLearnt(): boolean;
  add(latency: Histogram | null): string | undefined;
  hasCompared(): boolean;
}

function compareLatency(windowSeconds: number, whose: string): LatencyComparison {
  let old: Histogram | null = null;
  let test: SlowTest | undefined;
  let seconds = 0;
  /** Seconds that came before enough was known of the old release. */
  let waiting: Histogram[] = [];
  return {
    learn: (more) => {
      old = old === null ? more : combined(old, more, (a, b) => a + b);
      const limit = old === null ? null : slowLimitOf(old);
      if (limit !== null) test = slowTest(limit, windowSeconds);
    },
    hasLearnt: () => test !== undefined,
    add: (latency) => {
      seconds += 1;
      if (latency === null || seconds <= RULE.latency.warmUpSeconds) return undefined;
      waiting.push(latency);
      if (test === undefined) return undefined;
      const found = waiting.map(test.add).find((isSlow) => isSlow) ?? false;
      waiting = [];
      return found ? `P95 of ${whose} ${test.shown()}` : undefined;
    },
    hasCompared: () => (test?.requests() ?? 0) >= RULE.latency.leastRequests,
  };
}

/** What `slow` means here: few of the old release's requests took longer. */
export interface SlowLimit {
  readonly oldP95Ms: number;
  readonly limitMs: number;
  /** The share of the old release's requests that took longer. */
  readonly usualShare: number;
}

/** Null when the old release answered too few requests to be compared with. */
export function slowLimitOf(old: Histogram): SlowLimit | null {
  const { leastRequests, slowFactor, leastSlowerMs, leastUsualShare } = RULE.latency;
  if (totalOf(old) < leastRequests) return null;
  const oldP95Ms = quantileMs(old, 0.95) ?? 0;
  const limitMs = Math.max(oldP95Ms * slowFactor, oldP95Ms + leastSlowerMs);
  const usualShare = Math.max(leastUsualShare, countAbove(old, limitMs) / totalOf(old));
  return { oldP95Ms, limitMs, usualShare };
}

interface SlowTest {
  /** True once the release is slow. */
  add(this: void, latency: Histogram): boolean;
  requests(): number;
  shown(): string;
}

function slowTest({ oldP95Ms, limitMs, usualShare }: SlowLimit, windowSeconds: number): SlowTest {
  const { leastBadShare, badFactor, mostOfOneSecond } = RULE.latency;
  const badShare = Math.max(leastBadShare, badFactor * usualShare);
  const test = testOf({ usualShare, badShare, mostOfOneSecond }, windowSeconds);
  let all: Histogram | null = null;
  return {
    add: (latency) => {
      all = all === null ? latency : combined(all, latency, (a, b) => a + b);
      return test.add({ events: countAbove(latency, limitMs), trials: totalOf(latency) });
    },
    requests: () => (all === null ? 0 : totalOf(all)),
    shown: () => {
      const p95Ms = all === null ? null : quantileMs(all, 0.95);
      return `is ${(p95Ms ?? 0).toFixed(1)} ms; the old release's was ${oldP95Ms.toFixed(1)} ms`;
    },
  };
}

/** A longer window gives chance more opportunities: the threshold grows with its logarithm (union bound). */
function testOf(
  shares: { readonly usualShare: number; readonly badShare: number; readonly mostOfOneSecond: number },
  windowSeconds: number,
): SequentialTest {
  const longer = Math.max(1, windowSeconds / RULE.thresholdSeconds);
  const threshold = RULE.threshold + Math.log(longer);
  return createSequentialTest({ ...shares, threshold, mostOfOneSecond: threshold * shares.mostOfOneSecond });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
