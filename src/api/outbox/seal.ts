import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { KeyRing } from '../auth/keys.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under a random nonce: base64 of nonce, tag and cipher text. A body may hold a one-time code. */
export function sealBody([{ cipherKey }]: KeyRing, body: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce);
  const sealed = Buffer.concat([cipher.update(body, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Under whichever key of the ring it was sealed. Throws when the bytes were changed or sealed under another key. */
export function openBody(ring: KeyRing, sealed: string): string {
  for (const { cipherKey } of ring) {
    const body = tryOpen(cipherKey, sealed);
    if (body !== undefined) return body;
  }
  throw new Error(`none of ${ring.length} keys opens what was sealed`);
}

function tryOpen(key: KeyObject, sealed: string): string | undefined {
  try {
    return open(key, sealed);
  } catch {
    return undefined;
  }
}

function open(key: KeyObject, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const body = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
  return Buffer.concat(body).toString('utf8');
}
