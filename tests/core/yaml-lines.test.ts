import { expect, test } from 'vitest';
import { located } from '../../src/core/yaml-lines.ts';

test('a value knows the line and column of its key, from 1', () => {
  const document = located('a:\n  b: 1\n  c: [x, y]\n');
  expect(document.positionAt(['a', 'c'])).toEqual({ line: 3, column: 3 });
  expect(document.positionAt(['a', 'c', 1])).toEqual({ line: 3, column: 10 });
  expect(document.positionAt(['a', 'missing'])).toEqual({ line: 1, column: 1 });
});

test('what YAML itself refuses is told with its line, and aliases are refused', () => {
  expect(located('a: 1\na: 2\n').faults).toEqual([expect.stringMatching(/^line 2: .*unique/)]);
  expect(located('a: &x 1\nb: *x\n').faults).toEqual(['line 2: an alias, which is not allowed']);
});
