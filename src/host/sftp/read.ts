import { ask, type Session, statusOf } from './ask.ts';

const CHUNK_BYTES = 256 * 1024;
/** Asked for at once, so that a round trip is paid for a MiB and not for each chunk; held in memory. */
const CHUNKS_AHEAD = 4;
const END_OF_FILE = 1;

/** The file's bytes in order. Throws `notFound` when it is not there. */
export async function* readFile(session: Session, path: string): AsyncGenerator<Uint8Array> {
  const request = { what: 'read', path };
  const handle = await ask<Buffer>(session, request, (channel, done) => channel.open(path, 'r', done));
  try {
    for (let position = 0; ; ) {
      const from = position;
      const chunks = await Promise.all(
        Array.from({ length: CHUNKS_AHEAD }, (_, index) =>
          readChunk(session, { path, handle, position: from + index * CHUNK_BYTES }),
        ),
      );
      for (const chunk of chunks) {
        position += chunk.length;
        if (chunk.length > 0) yield chunk;
        // A host may give less than was asked for: what was read ahead of the gap is read again from there.
        if (chunk.length < CHUNK_BYTES) break;
      }
      if (position === from) return;
    }
  } finally {
    await ask(session, request, (channel, done) => channel.close(handle, done)).catch(() => undefined);
  }
}

interface Place {
  readonly path: string;
  readonly handle: Buffer;
  readonly position: number;
}

/** Empty at the end of the file. */
function readChunk(session: Session, { path, handle, position }: Place): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  return ask<Uint8Array>(session, { what: 'read', path }, (channel, done) =>
    channel.read(handle, buffer, 0, CHUNK_BYTES, position, (error, bytesRead) => {
      if (statusOf(error) === END_OF_FILE) done(null, Buffer.alloc(0));
      else done(error, buffer.subarray(0, bytesRead));
    }),
  );
}
