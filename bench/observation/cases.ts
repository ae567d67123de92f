import { type Behaviour, CALM, lognormal, STORMY, type Weather } from './traffic.ts';

/** One experiment: an old release before the switch, a new one after it, and the machine that both run on. */
export interface Case {
  readonly name: string;
  /** Users' requests a second. After the switch, probes fill up to MOST_PROBES_A_SECOND; they fail like the others. */
  readonly rate: number;
  readonly before: Behaviour;
  readonly after: Behaviour;
  readonly weather: Weather;
  /** What is right; a bar is set on some. */
  readonly right: 'stays' | 'back';
  /** The least share of runs that must come out right. */
  readonly bar?: number;
}

/** `p95` is exp(1.645 sigma) times the median. */
const MEDIAN_MS = 20;
const SIGMA = 0.5;
const P95_MS = MEDIAN_MS * Math.exp(1.645 * SIGMA);
const NORMAL: Behaviour = { failedShare: 0.0005, latencyMs: lognormal(MEDIAN_MS, SIGMA) };
const HEAVY: Behaviour = { failedShare: 0.0005, latencyMs: lognormal(MEDIAN_MS, 1) };
const RATES = [2, 20, 200, 1000] as const;

function failing(failedShare: number, latencyMs = NORMAL.latencyMs): Behaviour {
  return { failedShare, latencyMs };
}

/** Every request takes the old P95 longer. */
const SHIFTED: Behaviour = {
  ...NORMAL,
  latencyMs: (random) => NORMAL.latencyMs(random) + P95_MS,
};
/** One request of ten is slow, so that P95 doubles and the median stays. */
const MIXED: Behaviour = {
  ...NORMAL,
  latencyMs: (random) => NORMAL.latencyMs(random) + (random.uniform() < 0.1 ? 2 * P95_MS - MEDIAN_MS : 0),
};

/** The rule's bars: false rollback at most 1 %, a 5 % error rate and a doubled P95 caught at least 99 % of the time. */
export const CASES: readonly Case[] = [
  ...RATES.flatMap((rate): Case[] => [
    {
      name: 'no change, independent',
      rate,
      before: NORMAL,
      after: NORMAL,
      weather: CALM,
      right: 'stays',
      bar: 0.99,
    },
    {
      name: 'no change, bursts, heavy tails',
      rate,
      before: HEAVY,
      after: HEAVY,
      weather: STORMY,
      right: 'stays',
      bar: 0.99,
    },
    {
      name: 'both fail 0.5 %',
      rate,
      before: failing(0.005),
      after: failing(0.005),
      weather: CALM,
      right: 'stays',
      bar: 0.99,
    },
    { name: '5 % fail', rate, before: NORMAL, after: failing(0.05), weather: CALM, right: 'back', bar: 0.99 },
    {
      name: '5 % fail, bursts, heavy tails',
      rate,
      before: HEAVY,
      after: failing(0.05, HEAVY.latencyMs),
      weather: STORMY,
      right: 'back',
      bar: 0.99,
    },
    {
      name: '5 % fail, the old one 0.5 %',
      rate,
      before: failing(0.005),
      after: failing(0.05),
      weather: CALM,
      right: 'back',
    },
    {
      name: '2 % fail (5 % of transfers)',
      rate,
      before: NORMAL,
      after: failing(0.02),
      weather: CALM,
      right: 'back',
      ...(rate < 200 ? {} : { bar: 0.99 }),
    },
    {
      name: 'P95 doubled, all slower',
      rate,
      before: NORMAL,
      after: SHIFTED,
      weather: CALM,
      right: 'back',
      bar: 0.99,
    },
    {
      name: 'P95 doubled, one of ten slower',
      rate,
      before: NORMAL,
      after: MIXED,
      weather: CALM,
      right: 'back',
      ...(rate < 200 ? {} : { bar: 0.99 }),
    },
  ]),
];
