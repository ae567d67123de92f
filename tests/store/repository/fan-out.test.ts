import { expect, test } from 'vitest';
import { fanOut } from '../../../src/store/repository/fan-out.ts';

const CHUNK_BYTES = 64 * 1024;

async function* source(chunks: number, onRead: () => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < chunks; index += 1) {
    onRead();
    yield Buffer.alloc(CHUNK_BYTES, index);
  }
}

async function sizeOf(branch: AsyncIterable<Uint8Array>): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of branch) sizeBytes += chunk.length;
  return sizeBytes;
}

test('the source is read once and every sink gets all of it', async () => {
  let reads = 0;
  const results = await fanOut(
    source(50, () => {
      reads += 1;
    }),
    [sizeOf, sizeOf, sizeOf],
  );
  expect(reads).toBe(50);
  expect(results.map((result) => result.status === 'fulfilled' && result.value)).toEqual(
    Array.from({ length: 3 }, () => 50 * CHUNK_BYTES),
  );
});

test('a sink that fails is left behind and the others get all', async () => {
  const failing = async (branch: AsyncIterable<Uint8Array>): Promise<number> => {
    for await (const _ of branch) throw new Error('this place is full');
    return 0;
  };
  const [failed, good] = await fanOut(source(200), [failing, sizeOf]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'this place is full' } });
  expect(good).toMatchObject({ status: 'fulfilled', value: 200 * CHUNK_BYTES });
});

test('a source that fails fails every sink', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(10);
    throw new Error('the source broke');
  }
  const results = await fanOut(broken(), [sizeOf, sizeOf]);
  for (const result of results) {
    expect(result).toMatchObject({ status: 'rejected', reason: { message: 'the source broke' } });
  }
});

test('when all sinks fail the source is not read on', async () => {
  let reads = 0;
  const failing = async (): Promise<number> => {
    throw new Error('no place');
  };
  await fanOut(
    source(10_000, () => {
      reads += 1;
    }),
    [failing],
  );
  expect(reads).toBeLessThan(100);
});

test('a slow sink holds the source back, so memory stays bounded', async () => {
  let read = 0;
  let most = 0;
  let taken = 0;
  const slow = async (branch: AsyncIterable<Uint8Array>): Promise<number> => {
    for await (const chunk of branch) {
      taken += chunk.length;
      most = Math.max(most, read * CHUNK_BYTES - taken);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return taken;
  };
  await fanOut(
    source(500, () => {
      read += 1;
    }),
    [sizeOf, slow],
  );
  expect(taken).toBe(500 * CHUNK_BYTES);
  expect(most).toBeLessThan(4 * 1024 * 1024);
});
