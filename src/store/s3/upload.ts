import { OmpayError } from '../../core/errors.ts';
import type { Bucket, PutRules, Upload, UploadedPart } from './bucket.ts';

/** "Amazon S3 multipart upload limits": at most 10,000 parts, each but the last of 5 MiB or more. */
const MAX_PARTS = 10_000;

export interface UploadRequest {
  readonly key: string;
  readonly content: AsyncIterable<Uint8Array> | Uint8Array;
  readonly rules: PutRules;
  /** The most that is held in memory of an object; what fits into one part is sent whole. */
  readonly partBytes: number;
}

/** Sends an object and returns its size. The key shows it whole or not at all; what was begun is aborted when this throws. */
export async function upload(bucket: Bucket, request: UploadRequest): Promise<number> {
  const { key, rules } = request;
  const parts = partsOf(request);
  const first = await parts.next();
  const second = await parts.next();
  const whole = first.done === true ? Buffer.alloc(0) : first.value;
  if (second.done === true) {
    await bucket.put(key, whole, rules);
    return whole.length;
  }
  const begun = await bucket.begin(key);
  try {
    return await sendParts(bucket, begun, { ...request, parts, waiting: [whole, second.value] });
  } catch (error) {
    // The first error is the one to tell; parts that stay are removed by the next sweep.
    await bucket.abort(begun).catch(() => {});
    await parts.return(undefined);
    throw error;
  }
}

interface Sending extends UploadRequest {
  readonly parts: AsyncGenerator<Uint8Array>;
  readonly waiting: readonly Uint8Array[];
}

async function sendParts(bucket: Bucket, begun: Upload, sending: Sending): Promise<number> {
  const { rules, partBytes } = sending;
  const sent: UploadedPart[] = [];
  let sizeBytes = 0;
  const send = async (bytes: Uint8Array): Promise<void> => {
    if (sent.length === MAX_PARTS) throw tooLarge(sending.key, partBytes);
    sent.push(await bucket.part(begun, sent.length + 1, bytes, rules.signal));
    sizeBytes += bytes.length;
  };
  for (const bytes of sending.waiting) await send(bytes);
  for (let next = await sending.parts.next(); next.done !== true; next = await sending.parts.next()) {
    await send(next.value);
  }
  rules.signal?.throwIfAborted();
  await bucket.finish(begun, sent, rules);
  return sizeBytes;
}

/** The content in pieces of `partBytes`, the last one smaller: some services want all others to be of one size. */
async function* partsOf({ content, partBytes, rules }: UploadRequest): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    rules.signal?.throwIfAborted();
    let rest = chunk;
    while (heldBytes + rest.length >= partBytes) {
      const taken = partBytes - heldBytes;
      yield Buffer.concat([...held, rest.subarray(0, taken)], partBytes);
      rest = rest.subarray(taken);
      held = [];
      heldBytes = 0;
    }
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
  }
  rules.signal?.throwIfAborted();
  if (heldBytes > 0) yield Buffer.concat(held, heldBytes);
}

function tooLarge(key: string, partBytes: number): OmpayError {
  return new OmpayError('stateUnusable', `${key} is larger than ${MAX_PARTS} parts of ${partBytes} bytes`, {
    hint: 'give BACKUP_S3_PART_MB a larger number in .env',
  });
}
