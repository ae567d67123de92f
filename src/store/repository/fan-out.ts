import { once } from 'node:events';
import { PassThrough } from 'node:stream';

/**
 * Reads the source once and gives every sink all of its bytes, at the pace of the slowest (memory stays bounded).
 * A sink that fails is left behind and the others go on. A source that fails makes every sink's stream fail.
 * Resolves when all sinks have settled, in their order; never rejects.
 */
export async function fanOut<T>(
  source: AsyncIterable<Uint8Array>,
  sinks: readonly ((branch: AsyncIterable<Uint8Array>) => Promise<T>)[],
): Promise<readonly PromiseSettledResult<T>[]> {
  const branches = sinks.map(() => new PassThrough({ highWaterMark: 1024 * 1024 }));
  const results = sinks.map(async (sink, index) => {
    const branch = branches[index];
    if (branch === undefined) throw new RangeError(`no branch ${index}`);
    try {
      return await sink(branch);
    } finally {
      branch.destroy();
    }
  });
  const settled = Promise.allSettled(results);
  await feed(source, branches);
  return settled;
}

async function feed(source: AsyncIterable<Uint8Array>, branches: readonly PassThrough[]): Promise<void> {
  // A branch left by its sink reports that on itself; its sink's own result is what counts.
  for (const branch of branches) branch.on('error', () => {});
  try {
    for await (const chunk of source) {
      const living = branches.filter((branch) => !branch.destroyed);
      if (living.length === 0) return;
      await Promise.all(living.map((branch) => write(branch, chunk)));
    }
    for (const branch of branches) branch.end();
  } catch (error) {
    for (const branch of branches) branch.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

async function write(branch: PassThrough, chunk: Uint8Array): Promise<void> {
  if (branch.write(chunk) || branch.destroyed) return;
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(branch, 'drain', { signal }), once(branch, 'close', { signal })]).catch(() => {});
  settled.abort();
}
