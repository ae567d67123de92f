import { expect, it } from 'vitest';
import { safeInteger } from '../../../src/api/db/integers.ts';

it('reads a BIGINT that a Number holds', () => {
  expect(safeInteger('-9007199254740991')).toBe(Number.MIN_SAFE_INTEGER);
});

it('refuses a BIGINT that a Number would round', () => {
  expect(() => safeInteger('9007199254740993')).toThrow(RangeError);
});
