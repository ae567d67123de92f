/**
 * The numbers of the judgement after a switch. Each was chosen by `node bench/observation.ts`, whose table is in
 * docs/observation.md; the test is explained in sequential.ts.
 */
export const RULE = {
  errors: {
    /** The share of failed requests that a well release is allowed; what the old one showed, when that is more. */
    leastUsualShare: 0.001,
    /** An old release that fails more than this is no measure: even then a new one may not fail all. */
    mostUsualShare: 0.15,
    /** Counted beside what the old release showed: one that answered few requests may still fail a few of a thousand. */
    priorFailed: 1,
    priorRequests: 500,
    /** What is clearly bad: this, or `badFactor` times the usual share when that is more. */
    leastBadShare: 0.02,
    badFactor: 5,
    /** One second gives at most this part of the threshold, for or against: five must agree, one burst never decides. */
    mostOfOneSecond: 0.24,
  },
  latency: {
    /** A request is slow past both: `slowFactor` times the old P95, and `leastSlowerMs` more than it. */
    slowFactor: 1.5,
    leastSlowerMs: 10,
    leastUsualShare: 0.01,
    /** P95 is past the limit when 5 % of the requests are: clearly past it is a little more. */
    leastBadShare: 0.06,
    badFactor: 3,
    /** A P95 of fewer requests has fewer than ten above it. */
    leastRequests: 200,
    /** While the new process compiles its code, its answers are slow and say nothing. */
    warmUpSeconds: 1,
    mostOfOneSecond: 1 / 5,
  },
  /** Wald's threshold ln(1/alpha), here for alpha = 0.1 %, for a window of 10 s. */
  threshold: Math.log(1000),
  thresholdSeconds: 10,
  /** Fewer requests in the whole window, ours included, and the verdict is `inconclusive`. */
  leastRequests: 400,
  /** So many of our own requests in a row were not answered rightly: bad at once. */
  wrongProbesInRow: 2,
} as const;

/** Shorter than this, and too few requests are seen even with probes (`leastRequests`, MOST_PROBES_A_SECOND). */
export const DEFAULT_BAKE_MS = 10_000;
/** Up to so many requests a second are filled up with our own, as far as the window needs them. */
export const MOST_PROBES_A_SECOND = 50;
/** Sent in any case: users' refusals (401, 404) are no failures to the front, but ours would be wrong. */
export const LEAST_PROBES_A_SECOND = 2;
