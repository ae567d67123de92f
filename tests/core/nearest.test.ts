import { expect, test } from 'vitest';
import { didYouMean } from '../../src/core/nearest.ts';

const KNOWN = ['database', 'redis', 'lb', 'web'];

test('a slip of the fingers is told: a letter changed, left out, added or swapped', () => {
  for (const typed of ['databese', 'databse', 'dataabase', 'databasse', 'dtaabase'])
    expect(didYouMean(typed, KNOWN)).toBe(' (did you mean database?)');
  expect(didYouMean('wbe', KNOWN)).toBe(' (did you mean web?)');
});

test('another word suggests nothing, and a short one is not half replaced', () => {
  expect(didYouMean('firewall', KNOWN)).toBe('');
  expect(didYouMean('xy', KNOWN)).toBe('');
  expect(didYouMean('', KNOWN)).toBe('');
  expect(didYouMean('web', [])).toBe('');
});
