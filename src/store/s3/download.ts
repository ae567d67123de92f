import { OmpayError } from '../../core/errors.ts';
import type { Bucket, BucketObject } from './bucket.ts';

/** How often one read goes on after its connection was lost without having given a byte since. */
const MAX_TRIES = 3;
const WORTH_ANOTHER_TRY: readonly string[] = ['hostUnreachable', 'timeout'];

/** The bytes of one version, from the first to the last; a connection that breaks is taken up where it broke. */
export async function* download(bucket: Bucket, object: BucketObject): AsyncGenerator<Uint8Array> {
  const { key, version, sizeBytes } = object;
  let fromByte = 0;
  for (let tries = 1; fromByte < sizeBytes; ) {
    try {
      for await (const chunk of await bucket.read({ key, version, fromByte })) {
        fromByte += chunk.length;
        tries = 1;
        yield chunk;
      }
      if (fromByte < sizeBytes) throw endedEarly(key, fromByte, sizeBytes);
    } catch (error) {
      const isPassing = error instanceof OmpayError && WORTH_ANOTHER_TRY.includes(error.code);
      if (!isPassing || tries === MAX_TRIES) throw error;
      tries += 1;
    }
  }
}

function endedEarly(key: string, seenBytes: number, sizeBytes: number): OmpayError {
  return new OmpayError('hostUnreachable', `${key} ended after ${seenBytes} of ${sizeBytes} bytes`, {
    hint: 'see whether the connection to the store holds, then run the command again',
  });
}
