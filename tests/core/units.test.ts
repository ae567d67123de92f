import { expect, test } from 'vitest';
import { shownAge, shownDuration, shownSize } from '../../src/core/units.ts';

test('durations take the unit that fits', () => {
  const shown = [0.085, 0.9996, 1, 320, 999.4, 1400, 59_940, 60_000, 61_500, 119_700, 3_600_000].map(
    shownDuration,
  );
  expect(shown).toEqual([
    '85 µs',
    '1000 µs',
    '1 ms',
    '320 ms',
    '999 ms',
    '1.4 s',
    '59.9 s',
    '1 min 0 s',
    '1 min 2 s',
    '2 min 0 s',
    '60 min 0 s',
  ]);
});

test('sizes are decimal', () => {
  expect([0, 999, 1000, 57_300_000, 1_000_000_000_000, 5e15].map(shownSize)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '57.3 MB',
    '1.0 TB',
    '5000.0 TB',
  ]);
});

test('ages are rounded to the unit that a person would say', () => {
  expect([-5, 3000, 180_000, 7_200_000, 259_200_000].map(shownAge)).toEqual([
    '0 s ago',
    '3 s ago',
    '3 min ago',
    '2 h ago',
    '3 days ago',
  ]);
});
