import type { WriteRequest } from '../sftp.ts';
import { ask, type Session } from './ask.ts';

const CHUNK_BYTES = 256 * 1024;
/** Sent without waiting for each answer: a round trip is paid for a MiB; held in memory. */
const BATCH_BYTES = 4 * CHUNK_BYTES;

/** Writes and syncs a file that must not be there, and returns its size. What it wrote stays when this throws. */
export async function writeNewFile(
  session: Session,
  path: string,
  { mode, content, signal }: WriteRequest,
): Promise<number> {
  const request = { what: 'write', path };
  const handle = await ask<Buffer>(session, request, (channel, done) => channel.open(path, 'wx', mode, done));
  try {
    let position = 0;
    for await (const batch of batchesOf(content, signal)) {
      const from = position;
      await Promise.all(
        chunksOf(batch).map(({ bytes, offset }) =>
          ask(session, request, (channel, done) =>
            channel.write(handle, Buffer.from(bytes), 0, bytes.length, from + offset, done),
          ),
        ),
      );
      position += batch.length;
    }
    await ask(session, { ...request, what: 'sync', needs: 'fsync@openssh.com' }, (channel, done) =>
      channel.ext_openssh_fsync(handle, done),
    );
    return position;
  } finally {
    await ask(session, request, (channel, done) => channel.close(handle, done)).catch(() => undefined);
  }
}

/** Small chunks together, so that each request is worth its round trip. */
async function* batchesOf(
  content: AsyncIterable<Uint8Array> | Uint8Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    signal?.throwIfAborted();
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < BATCH_BYTES) continue;
    yield Buffer.concat(held, heldBytes);
    held = [];
    heldBytes = 0;
  }
  signal?.throwIfAborted();
  if (heldBytes > 0) yield Buffer.concat(held, heldBytes);
}

function chunksOf(batch: Uint8Array): readonly { readonly bytes: Uint8Array; readonly offset: number }[] {
  const count = Math.ceil(batch.length / CHUNK_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const offset = index * CHUNK_BYTES;
    return { bytes: batch.subarray(offset, offset + CHUNK_BYTES), offset };
  });
}
