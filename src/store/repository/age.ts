import { messageOf, OmpayError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { decryptStream, encryptStream } from './age-stream.ts';
import { ByteSource } from './byte-source.ts';

const EMPTY_PAYLOAD_BYTES = 32;
/** A recipient takes some 120. */
const MOST_HEADER_BYTES = 16 * 1024;

/** Someone who can open backups, by the public half of an age key (age-encryption.org/v1, X25519). */
export interface Recipient {
  /** `operations` or `escrow`. */
  readonly name: string;
  /** `age1…` */
  readonly recipient: string;
}

export interface AgeKey {
  readonly recipient: string;
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: Secret;
}

/** Most commands open and seal nothing, and its curves take a tenth of a second to read. */
function age() {
  return import('age-encryption');
}

export async function generateAgeKey(): Promise<AgeKey> {
  const { generateX25519Identity, identityToRecipient } = await age();
  const identity = await generateX25519Identity();
  return { recipient: await identityToRecipient(identity), identity: new Secret(identity) };
}

/** The public half of an identity. Throws `configInvalid` when it is not one. */
export async function recipientOf(identity: Secret): Promise<string> {
  const { identityToRecipient } = await age();
  try {
    return await identityToRecipient(identity.reveal());
  } catch {
    // The library's message may quote the key, so it is not kept as the cause.
    throw new OmpayError('configInvalid', 'the key is not an age identity (AGE-SECRET-KEY-1…)', {
      hint: 'give the file that age-keygen or ompay made',
    });
  }
}

/**
 * Any one of the recipients can open what comes out. The header, with all that is of keys, is the library's; only the bulk
 * is not.
 */
export async function* encrypt(
  source: AsyncIterable<Uint8Array>,
  recipients: readonly Recipient[],
): AsyncGenerator<Uint8Array> {
  const { header, fileKey } = await newHeader(recipients);
  yield header;
  yield* encryptStream(new ByteSource(source), fileKey);
}

/** Of an empty file that nobody gets: nonce and tag of its one chunk are its end. */
async function newHeader(
  recipients: readonly Recipient[],
): Promise<{ readonly header: Uint8Array; readonly fileKey: Uint8Array }> {
  const { Encrypter } = await age();
  const encrypter = new Encrypter();
  let fileKey = new Uint8Array();
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = new Uint8Array(key);
      return [];
    },
  });
  for (const { recipient } of recipients) encrypter.addRecipient(recipient);
  const whole = await encrypter.encrypt(new Uint8Array());
  return { header: whole.subarray(0, -EMPTY_PAYLOAD_BYTES), fileKey };
}

/** Throws `backupDamaged` at the first chunk (64 KiB) that is not what was encrypted, and when the end is missing. */
export async function* decrypt(
  source: AsyncIterable<Uint8Array>,
  identity: Secret,
): AsyncGenerator<Uint8Array> {
  const { Decrypter } = await age();
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity.reveal());
  const bytes = new ByteSource(source);
  try {
    const fileKey = await decrypter.decryptHeader(await readHeader(bytes));
    yield* decryptStream(bytes, fileKey);
  } catch (error) {
    if (error instanceof OmpayError) throw error;
    throw new OmpayError('backupDamaged', `the payload cannot be decrypted: ${messageOf(error)}`, {
      hint: 'restore from another copy, or choose another backup: ompay backup list',
      cause: error,
    });
  } finally {
    await bytes.close();
  }
}

/** Up to the line that begins with `---`. */
async function readHeader(bytes: ByteSource): Promise<Uint8Array> {
  const lines: Uint8Array[] = [];
  for (let sizeBytes = 0; sizeBytes < MOST_HEADER_BYTES; ) {
    const line = await bytes.readLine(MOST_HEADER_BYTES);
    lines.push(line);
    sizeBytes += line.length;
    if (line.length === 0 || line.toString('latin1').startsWith('---')) break;
  }
  return Buffer.concat(lines);
}
