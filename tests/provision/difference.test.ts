import { expect, test } from 'vitest';
import { differenceOf } from '../../src/provision/difference.ts';

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('');

test('a new file is all additions', () => {
  expect(differenceOf('', 'a\nb\n')).toEqual(['@@ -1 +1 @@', '+a', '+b']);
});

test('three lines around each difference, two hunks where they are far apart', () => {
  const after = lines(1, 30).replace('2\n', 'two\n').replace('\n20\n', '\n');
  expect(differenceOf(lines(1, 30), after)).toEqual([
    '@@ -1 +1 @@',
    ...[' 1', '-2', '+two', ' 3', ' 4', ' 5'],
    '@@ -17 +17 @@',
    ...[' 17', ' 18', ' 19', '-20', ' 21', ' 22', ' 23'],
  ]);
});

test('nothing for the same, only numbers for what is too long', () => {
  expect(differenceOf('a\n', 'a\n')).toEqual([]);
  expect(differenceOf(lines(1, 2000), 'a\n')).toEqual(['(2000 lines become 1)']);
});
