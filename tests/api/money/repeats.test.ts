import { expect, test } from 'vitest';
import { createRepeats, REPEAT_WINDOW_MS } from '../../../src/api/money/repeats.ts';
import { manualClock } from '../../fixtures/clock.ts';

test('the same of the same user within the window is a repeat, another is not', () => {
  const clock = manualClock();
  const repeats = createRepeats(clock);
  expect(repeats.note('awa', 'a')).toBe(false);
  expect(repeats.note('binta', 'a')).toBe(false);
  expect(repeats.note('awa', 'b')).toBe(false);
  clock.pass(REPEAT_WINDOW_MS - 1);
  expect(repeats.note('awa', 'a')).toBe(true);
  clock.pass(REPEAT_WINDOW_MS);
  expect(repeats.note('awa', 'a')).toBe(false);
});

test('past the bound the oldest are forgotten', () => {
  const repeats = createRepeats(manualClock(), 2);
  for (const fingerprint of ['a', 'b', 'a', 'c']) repeats.note('awa', fingerprint);
  expect(repeats.note('awa', 'a')).toBe(true);
  expect(repeats.note('awa', 'b')).toBe(false);
});
