import { expect, test } from 'vitest';
import { gather } from '../../../src/api/redis/gather.ts';

const LIMITS = { maxBatch: 3, atOnce: 1 };

test('what comes in one moment is done together, in its order, and each gets its own result', async () => {
  const batches: (readonly number[])[] = [];
  const double = gather(async (items: readonly number[]) => {
    batches.push(items);
    return items.map((item) => 2 * item);
  }, LIMITS);
  expect(await Promise.all([1, 1, 2, 3, 4].map(double))).toEqual([2, 2, 4, 6, 8]);
  expect(batches).toEqual([
    [1, 1, 2],
    [3, 4],
  ]);
});

test('what comes while work is under way waits for it, and goes together', async () => {
  const held = Promise.withResolvers<void>();
  const batches: (readonly string[])[] = [];
  const slow = gather(async (items: readonly string[]) => {
    batches.push(items);
    await held.promise;
    return items;
  }, LIMITS);
  const first = slow('a');
  await expect.poll(() => batches.length).toBe(1);
  const others = [slow('b'), slow('c')];
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches).toEqual([['a']]);
  held.resolve();
  expect(await Promise.all([first, ...others])).toEqual(['a', 'b', 'c']);
  expect(batches).toEqual([['a'], ['b', 'c']]);
});

test('work that fails fails those who asked for it, and no one after them', async () => {
  const fragile = gather(async (items: readonly number[]) => {
    if (items.includes(0)) throw new Error('a zero');
    return items;
  }, LIMITS);
  await expect(Promise.all([fragile(1), fragile(0)])).rejects.toThrow('a zero');
  expect(await fragile(1)).toBe(1);
});
