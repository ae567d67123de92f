import { expect, test } from 'vitest';
import { requiredOptions } from '../../src/core/options.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

test('the options of a process entry are read by name', () => {
  const value = requiredOptions(['data', 'socket'], ['--socket', '/run/x', '--data=/var/d']);
  expect([value('data'), value('socket')]).toEqual(['/var/d', '/run/x']);
});

test.each([
  [[], 'missing --data, --socket'],
  [['--data', 'x'], 'missing --socket'],
  [['--data', 'x', '--socket'], 'argument missing'],
  [['--data', 'x', '--socket', 'y', '--more', 'z'], '--more'],
  [['--data', 'x', '--socket', 'y', 'extra'], 'extra'],
])('%j is refused, naming what is wrong and what to give', async (argv, what) => {
  const error = await ompayErrorOf(() => requiredOptions(['data', 'socket'], argv));
  expect(error).toMatchObject({ code: 'usage', hint: 'give --data VALUE --socket VALUE' });
  expect(error.message).toContain(what);
});
