import { createJudge, type WatchedSecond } from '../../src/deploy/observation/judge.ts';
import { LEAST_PROBES_A_SECOND, MOST_PROBES_A_SECOND, RULE } from '../../src/deploy/observation/rule.ts';
import { sumOf, type TrafficCount } from '../../src/deploy/observation/traffic.ts';
import type { Case } from './cases.ts';
import { seededRandom } from './random.ts';
import { secondSource } from './traffic.ts';

/** A deploy takes about this long before its switch. */
const BASELINE_SECONDS = 12;

export interface CaseResult {
  readonly runs: number;
  /** How many runs went back to the old release. */
  readonly back: number;
  /** Seconds from the switch to the verdict, of those that went back; null when none did. */
  readonly medianSeconds: number | null;
}

/** Runs one case, with the very functions that judge a deploy. The same seed gives the same result. */
export function simulate(experiment: Case, options: { runs: number; seed: number }): CaseResult {
  const random = seededRandom(options.seed);
  const { before, after, weather, rate } = experiment;
  const probes = Math.max(LEAST_PROBES_A_SECOND, MOST_PROBES_A_SECOND - rate);
  const sources = {
    before: secondSource(before, weather, { users: rate, probes: 0 }, random),
    after: secondSource(after, weather, { users: rate, probes }, random),
    // The old release, asked the same as the new one by our probes.
    control: secondSource(before, weather, { users: probes, probes: 0 }, random),
  };
  const seconds: number[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    const baseline = sumOf(sources.before.draw(BASELINE_SECONDS, random));
    const watched = sources.after.draw(RULE.thresholdSeconds, random);
    const controls = sources.control.draw(RULE.thresholdSeconds, random);
    const found = firstBad(
      baseline,
      watched.map((second, index) => ({
        ...second,
        controlLatency: controls[index]?.latency ?? null,
      })),
    );
    if (found === undefined) continue;
    seconds.push(found);
  }
  seconds.sort((a, b) => a - b);
  return {
    runs: options.runs,
    back: seconds.length,
    medianSeconds: seconds[Math.floor(seconds.length / 2)] ?? null,
  };
}

function firstBad(baseline: TrafficCount, after: readonly WatchedSecond[]): number | undefined {
  const judge = createJudge(baseline, after.length);
  const index = after.findIndex((second) => judge.add(second) !== undefined);
  return index === -1 ? undefined : index + 1;
}
