import { expect, test } from 'vitest';
import { createGate } from '../../../src/api/auth/gate.ts';
import { ApiError } from '../../../src/api/errors.ts';

test('few are let in at once, the line moves in order, and one too many is turned away', async () => {
  const gate = createGate({ concurrency: 1, waiting: 1 });
  const first = Promise.withResolvers<string>();
  const order: string[] = [];
  const running = gate.run(() => first.promise);
  const waiting = gate.run(async () => {
    order.push('second');
    return 'second';
  });
  await expect(gate.run(async () => 'third')).rejects.toThrow(
    new ApiError('overloaded', { retryAfterSeconds: 1 }),
  );
  expect(order).toEqual([]);
  first.resolve('first');
  expect(await Promise.all([running, waiting])).toEqual(['first', 'second']);
  expect(await gate.run(async () => 'fourth')).toBe('fourth');
});

test('work that fails gives its place to the next', async () => {
  const gate = createGate({ concurrency: 1, waiting: 1 });
  const failing = gate.run(() => Promise.reject(new Error('broken')));
  const next = gate.run(async () => 'next');
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('next');
});
