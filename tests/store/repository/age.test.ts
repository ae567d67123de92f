import { Decrypter, Encrypter } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { decrypt, encrypt, generateAgeKey } from '../../../src/store/repository/age.ts';
import { collect } from '../../../src/store/repository/meter.ts';

const CHUNK_BYTES = 64 * 1024;
const SEALED_BYTES = CHUNK_BYTES + 16;
const SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 200_000];
const [KEY, OTHER] = await Promise.all([generateAgeKey(), generateAgeKey()]);
const RECIPIENTS = [
  { name: 'operations', recipient: OTHER.recipient },
  { name: 'escrow', recipient: KEY.recipient },
];

function noise(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => (index * index * 31 + (index >> 9)) % 251);
}

/** In pieces of odd sizes, an empty one among them. */
async function* inPieces(bytes: Uint8Array, sizeBytes = 9_999): AsyncGenerator<Uint8Array> {
  yield new Uint8Array();
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}

async function sealed(plain: Uint8Array): Promise<Buffer> {
  return Buffer.from(await collect(encrypt(inPieces(plain), RECIPIENTS), 1_000_000));
}

function opened(bytes: Uint8Array, pieceBytes?: number): Promise<Uint8Array> {
  return collect(decrypt(inPieces(bytes, pieceBytes), KEY.identity), 1_000_000);
}

/** Where the chunks begin: behind the header's last line and the nonce. */
function payloadAt(bytes: Buffer): number {
  return bytes.indexOf('\n', bytes.indexOf('\n---') + 1) + 1 + 16;
}

describe.each(SIZES)('%i bytes', (sizeBytes) => {
  const plain = noise(sizeBytes);

  test('the library opens what is sealed here', async () => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(KEY.identity.reveal());
    expect(Buffer.from(await decrypter.decrypt(await sealed(plain)))).toEqual(Buffer.from(plain));
  });

  test('what the library sealed is opened here, however it comes', async () => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(KEY.recipient);
    const bytes = await encrypter.encrypt(plain);
    expect(Buffer.from(await opened(bytes))).toEqual(Buffer.from(plain));
    expect(Buffer.from(await opened(bytes, 1_000_000))).toEqual(Buffer.from(plain));
  });
});

test('no two are sealed alike', async () => {
  const [one, two] = await Promise.all([sealed(noise(10)), sealed(noise(10))]);
  expect(one.equals(two)).toBe(false);
});

test('a file that ends between two chunks is refused', async () => {
  const bytes = await sealed(noise(3 * CHUNK_BYTES));
  for (const chunks of [1, 2]) {
    const cut = bytes.subarray(0, payloadAt(bytes) + chunks * SEALED_BYTES);
    await expect(opened(cut), `${chunks} chunks`).rejects.toMatchObject({ code: 'backupDamaged' });
  }
});

test('nothing of a file is given whose chunks are in another order, and nothing behind its end', async () => {
  const bytes = await sealed(noise(3 * CHUNK_BYTES));
  const at = payloadAt(bytes);
  const [head, one, two, rest] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + SEALED_BYTES),
    bytes.subarray(at + SEALED_BYTES, at + 2 * SEALED_BYTES),
    bytes.subarray(at + 2 * SEALED_BYTES),
  ];
  const swapped = decrypt(inPieces(Buffer.concat([head, two, one, rest])), KEY.identity);
  await expect(swapped.next()).rejects.toMatchObject({ code: 'backupDamaged' });
  await expect(opened(Buffer.concat([bytes, rest]))).rejects.toMatchObject({ code: 'backupDamaged' });
});

test.each([
  ['nothing', ''],
  ['no header', 'x'.repeat(40_000)],
  ['a header without an end', 'age-encryption.org/v1\n'.repeat(2000)],
])('%s is refused', async (_, text) => {
  await expect(opened(Buffer.from(text))).rejects.toMatchObject({ code: 'backupDamaged' });
});
