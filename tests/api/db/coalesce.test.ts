import { setImmediate as turn } from 'node:timers/promises';
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

it('runs two loads at once; what is asked for meanwhile goes together when one is over', async () => {
  const loads: { readonly keys: readonly string[]; readonly end: () => void }[] = [];
  const read = coalesce(
    async (keys: readonly string[]) => {
      await new Promise<void>((end) => loads.push({ keys, end }));
      return new Map(keys.map((key) => [key, key]));
    },
    { maxBatch: 100 },
  );
  const asked = [read('a')];
  await turn();
  asked.push(read('b'));
  await turn();
  asked.push(read('c'));
  await turn();
  asked.push(read('d'));
  await turn();
  expect(loads.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
  loads[1]?.end();
  await turn();
  expect(loads.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c', 'd']]);
  for (const { end } of loads) end();
  expect(await Promise.all(asked)).toEqual(['a', 'b', 'c', 'd']);
});
