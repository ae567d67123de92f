import { expect, it } from 'vitest';
import { coalesce } from '../../../src/api/db/coalesce.ts';

it('answers the reads of one moment by one load, each key asked for once', async () => {
  const loads: (readonly string[])[] = [];
  const read = coalesce(
    async (keys: readonly string[]) => {
      loads.push(keys);
      return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()]));
    },
    { maxBatch: 100 },
  );
  expect(await Promise.all([read('a'), read('b'), read('a'), read('none')])).toEqual([
    'A',
    'B',
    'A',
    undefined,
  ]);
  expect(loads).toEqual([['a', 'b', 'none']]);
});

it('reads again for who asks later', async () => {
  let version = 0;
  const read = coalesce(
    async (keys: readonly string[]) => {
      version += 1;
      return new Map(keys.map((key) => [key, version]));
    },
    { maxBatch: 100 },
  );
  expect(await read('a')).toBe(1);
  expect(await read('a')).toBe(2);
});

it('starts another load when one is full', async () => {
  const sizes: number[] = [];
  const read = coalesce(
    async (keys: readonly number[]) => {
      sizes.push(keys.length);
      return new Map(keys.map((key) => [key, key]));
    },
    { maxBatch: 2 },
  );
  expect(await Promise.all([1, 2, 3, 4, 5].map(read))).toEqual([1, 2, 3, 4, 5]);
  expect(sizes).toEqual([2, 2, 1]);
});

it('fails every reader of a load that failed, and none of the next', async () => {
  let failing = true;
  const read = coalesce(
    async (keys: readonly string[]) => {
      if (failing) throw new Error('the database is away');
      return new Map(keys.map((key) => [key, key]));
    },
    { maxBatch: 100 },
  );
  const both = await Promise.allSettled([read('a'), read('b')]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  failing = false;
  expect(await read('a')).toBe('a');
});
