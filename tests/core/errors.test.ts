import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { messageOf, systemCodeOf } from '../../src/core/errors.ts';

test('the message of anything that was thrown can be shown', () => {
  expect(messageOf(new Error('lost'))).toBe('lost');
  expect(messageOf('lost')).toBe('lost');
  expect(messageOf(undefined)).toBe('undefined');
});

test('a system error has its code; what has none gives undefined', () => {
  try {
    readFileSync('/nowhere/at/all');
  } catch (error) {
    expect(systemCodeOf(error)).toBe('ENOENT');
  }
  expect(systemCodeOf({ code: '23505' })).toBe('23505');
  for (const thrown of [null, 'ENOENT', new Error('x'), { code: 5 }]) {
    expect(systemCodeOf(thrown)).toBeUndefined();
  }
});
