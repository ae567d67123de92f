import { expect, test } from 'vitest';
import { createTurns } from '../../../src/api/auth/turns.ts';

test('work under one name runs one after the other, in the order of asking', async () => {
  const turns = createTurns();
  const seen: string[] = [];
  const work = (name: string) => async (): Promise<string> => {
    seen.push(`${name} begins`);
    await Promise.resolve();
    seen.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all([turns.run('a', work('first')), turns.run('a', work('second'))])).toEqual([
    'first',
    'second',
  ]);
  expect(seen).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});

test('another name does not wait', async () => {
  const turns = createTurns();
  const held = Promise.withResolvers<void>();
  const waiting = turns.run('a', () => held.promise);
  expect(await turns.run('b', async () => 'done')).toBe('done');
  held.resolve();
  await waiting;
});

test('a failure is told to its own caller, and the next one has its turn', async () => {
  const turns = createTurns();
  const failing = turns.run('a', async () => {
    throw new Error('no');
  });
  const next = turns.run('a', async () => 'next');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('next');
  expect(await turns.run('a', async () => 'later')).toBe('later');
});
