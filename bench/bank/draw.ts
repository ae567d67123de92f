import { type Random, seededRandom } from '../observation/random.ts';

/** Draws of one seed. */
export interface Draw extends Random {
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  /** True in this share of the draws. */
  chance(share: number): boolean;
  /** Throws for an empty list. */
  one<T>(of: readonly T[]): T;
  /** By weight. */
  weighted<T>(of: readonly (readonly [T, number])[]): T;
}

export function drawOf(seed: number): Draw {
  const random = seededRandom(seed);
  const whole = (least: number, most: number): number =>
    least + Math.floor(random.uniform() * (most - least + 1));
  const one = <T>(of: readonly T[]): T => {
    const chosen = of[whole(0, of.length - 1)];
    if (chosen === undefined) throw new Error('nothing to draw from');
    return chosen;
  };
  return {
    ...random,
    whole,
    chance: (share) => random.uniform() < share,
    one,
    weighted: (of) => {
      const tickets = of.flatMap(([value, weight]) => Array.from({ length: weight }, () => value));
      return one(tickets);
    },
  };
}
