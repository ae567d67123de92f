import { expect, test } from 'vitest';
import { byNaturalOrder } from '../../src/core/natural-order.ts';

test('numbers in names count as numbers, whatever their length', () => {
  const names = ['web10', 'web2', 'db', 'web', 'a-2-b', 'a-10-a', 'web02'];
  expect(names.toSorted(byNaturalOrder)).toEqual(['a-2-b', 'a-10-a', 'db', 'web', 'web2', 'web02', 'web10']);
  expect(byNaturalOrder('web2', 'web2')).toBe(0);
});
