export interface SequentialTestOptions {
  /** The share of events under which nothing changed. */
  readonly usualShare: number;
  /** The share that is to be noticed; greater. */
  readonly badShare: number;
  /** Evidence at which the test decides, in nats. */
  readonly threshold: number;
  /** The most evidence of one second, for or against, in nats. */
  readonly mostOfOneSecond: number;
}

/** Notices that a share of events has become bad, second by second. */
export interface SequentialTest {
  /** Counts one second; true once the evidence has reached the threshold. */
  add(second: { readonly events: number; readonly trials: number }): boolean;
  /** From 0, nothing, to 1, decided. */
  evidence(): number;
}

/**
 * Page's cumulative sum: Wald's sequential probability ratio test of `badShare` against `usualShare`, begun anew
 * whenever it favours the usual share, so that a fault that begins late is noticed as soon as an early one
 * (A. Wald, Sequential Tests of Statistical Hypotheses, 1945; E. S. Page, Continuous Inspection Schemes, 1954).
 * Requests are not independent: failures and slow answers come in bursts. So the seconds vote, each with the
 * evidence of its requests up to a limit, as in a test made robust by censoring its likelihood ratios (P. J. Huber, A
 * Robust Version of the Probability Ratio Test, 1965).
 */
export function createSequentialTest(options: SequentialTestOptions): SequentialTest {
  const { usualShare, badShare, threshold, mostOfOneSecond } = options;
  const perEvent = Math.log(badShare / usualShare);
  const perOther = Math.log((1 - badShare) / (1 - usualShare));
  let sum = 0;
  return {
    add: ({ events, trials }) => {
      const ratio = events * perEvent + (trials - events) * perOther;
      const vote = Math.min(mostOfOneSecond, Math.max(-mostOfOneSecond, ratio));
      sum = Math.min(threshold, Math.max(0, sum + vote));
      return sum >= threshold - 1e-9;
    },
    evidence: () => sum / threshold,
  };
}
