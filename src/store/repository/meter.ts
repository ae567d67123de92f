import { createHash } from 'node:crypto';

/** What a stream of bytes was: its size and its SHA-256 in hex. */
export interface Digest {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Counts and hashes bytes on their way. */
export interface Meter {
  through(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Of what has passed; ask when the stream ended. */
  digest(): Digest;
}

export function meter(): Meter {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  return {
    through: async function* (source) {
      for await (const chunk of source) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    },
    digest: () => ({ sizeBytes, sha256: hash.copy().digest('hex') }),
  };
}

export async function digestOf(source: AsyncIterable<Uint8Array>): Promise<Digest> {
  const measured = meter();
  for await (const _ of measured.through(source));
  return measured.digest();
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Joins a small object's bytes. Throws RangeError past `maxBytes`: a manifest is never a gigabyte. */
export async function collect(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new RangeError(`an object is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
