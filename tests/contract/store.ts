import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect } from '../../src/store/repository/meter.ts';
import type { Store } from '../../src/store/store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Names of everything that is really there, unfinished objects included. */
  everything(): Promise<readonly string[]>;
  dispose(): Promise<void>;
}

const PREFIX = 'local/pglite-1/';

/** What every place for copies must do; run it against a new one before adding it to src/store/index.ts. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a store`, () => {
    let place: StoreUnderTest;
    const text = async (key: string) =>
      Buffer.from(await collect(await place.store.get(key), 1_000_000)).toString();

    beforeAll(async () => {
      place = await make();
    });
    afterAll(() => place.dispose());

    test('what was put is given back, byte for byte, with its size', async () => {
      const chunks = [Buffer.alloc(300_000, 'a'), Buffer.alloc(5, 'b')];
      const put = await place.store.put(`${PREFIX}data`, Readable.from(chunks));
      expect(put).toMatchObject({ key: `${PREFIX}data`, sizeBytes: 300_005 });
      expect(await text(`${PREFIX}data`)).toBe(Buffer.concat(chunks).toString());
      expect(await place.store.head(`${PREFIX}data`)).toMatchObject({ sizeBytes: 300_005 });
    });

    test('an empty object is an object', async () => {
      await place.store.put(`${PREFIX}empty`, Buffer.alloc(0));
      expect(await text(`${PREFIX}empty`)).toBe('');
    });

    test('a put replaces the whole object', async () => {
      await place.store.put(`${PREFIX}twice`, Buffer.from('first, and longer'));
      await place.store.put(`${PREFIX}twice`, Buffer.from('second'));
      expect(await text(`${PREFIX}twice`)).toBe('second');
    });

    test('of many conditional puts of one key exactly one wins, and the object is its', async () => {
      const puts = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          place.store.put(`${PREFIX}once`, Buffer.from(`writer ${index}`), { ifAbsent: true }),
        ),
      );
      const winner = puts.findIndex(({ status }) => status === 'fulfilled');
      expect(puts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const put of puts) if (put.status === 'rejected') expect(put.reason.code).toBe('alreadyExists');
      expect(await text(`${PREFIX}once`)).toBe(`writer ${winner}`);
    });

    test('a source that fails leaves the old object and nothing else', async () => {
      await place.store.put(`${PREFIX}kept`, Buffer.from('old'));
      const before = await place.everything();
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('new, but not whole');
        throw new Error('the source broke');
      }
      await expect(place.store.put(`${PREFIX}kept`, failing())).rejects.toThrow('the source broke');
      expect(await text(`${PREFIX}kept`)).toBe('old');
      expect(await place.everything()).toEqual(before);
    });

    test('an aborted put leaves nothing', async () => {
      const before = await place.everything();
      const controller = new AbortController();
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (let count = 0; count < 1000; count += 1) {
          if (count === 3) controller.abort(new Error('stopped by the test'));
          yield Buffer.alloc(1000);
        }
      }
      await expect(
        place.store.put(`${PREFIX}aborted`, endless(), { signal: controller.signal }),
      ).rejects.toThrow('stopped by the test');
      expect(await place.everything()).toEqual(before);
    });

    test('a key that is not there: get says notFound, head says undefined, delete does nothing', async () => {
      await expect(place.store.get(`${PREFIX}nowhere`)).rejects.toMatchObject({ code: 'notFound' });
      expect(await place.store.head(`${PREFIX}nowhere`)).toBeUndefined();
      expect(await place.store.head(`${PREFIX}empty/below-a-file`)).toBeUndefined();
      await place.store.delete(`${PREFIX}nowhere`);
    });

    test('list gives what begins with the prefix, in order, and nothing of its neighbours', async () => {
      for (const key of ['list/b', 'list/a/2', 'list/a/1', 'listed/c']) {
        await place.store.put(`${PREFIX}${key}`, Buffer.from(key));
      }
      const keys = (await place.store.list(`${PREFIX}list/`)).map(({ key }) => key);
      expect(keys).toEqual([`${PREFIX}list/a/1`, `${PREFIX}list/a/2`, `${PREFIX}list/b`]);
      expect(await place.store.list(`${PREFIX}nothing/`)).toEqual([]);
    });

    test('a deleted object is gone, its neighbours are not', async () => {
      await place.store.put(`${PREFIX}delete/one`, Buffer.from('1'));
      await place.store.put(`${PREFIX}delete/two`, Buffer.from('2'));
      await place.store.delete(`${PREFIX}delete/one`);
      expect((await place.store.list(`${PREFIX}delete/`)).map(({ key }) => key)).toEqual([
        `${PREFIX}delete/two`,
      ]);
    });

    test('a key that could leave the store is refused', async () => {
      for (const key of [
        '../x',
        'a/../../x',
        '/etc/passwd',
        'a//b',
        '',
        '.',
        'a/.hidden',
        'a b',
        'a\0b',
        'x.part',
      ]) {
        await expect(place.store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'usage' });
        await expect(place.store.get(key)).rejects.toMatchObject({ code: 'usage' });
        await expect(place.store.delete(key)).rejects.toMatchObject({ code: 'usage' });
      }
    });
  });
}
