import { describe, expect, test } from 'vitest';
import { CASES } from '../../../bench/observation/cases.ts';
import { simulate } from '../../../bench/observation/simulate.ts';

/** The short form of `node bench/observation.ts`: the same seed gives the same figures. */
const RUNS = 400;
const SEED = 20_261_122;
/** Of 400 runs, the bar of 1 % is 4; chance makes it 9 in one of a hundred, were the share just at the bar. */
const MOST_WRONG = 9;

describe('the judgement, simulated', () => {
  const barred = CASES.filter(({ bar, rate }) => bar !== undefined && (rate === 20 || rate === 200));
  test.each(barred)('$name at $rate/s: $right', (experiment) => {
    const { back } = simulate(experiment, { runs: RUNS, seed: SEED });
    const wrong = experiment.right === 'back' ? RUNS - back : back;
    expect(wrong).toBeLessThanOrEqual(MOST_WRONG);
  });

  test('a release that is bad is noticed within five seconds', () => {
    const bad = barred.filter(({ right, name }) => right === 'back' && name === '5 % fail');
    expect(bad.length).toBeGreaterThan(0);
    for (const experiment of bad)
      expect(simulate(experiment, { runs: RUNS, seed: SEED }).medianSeconds).toBeLessThanOrEqual(5);
  });
});
