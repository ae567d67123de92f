import { createHmac } from 'node:crypto';
import type { KeyRing } from './keys.ts';

/** What is kept of the code of a customer's operation: HMAC-SHA256 hex with the account's id. */
export function codeHmac([{ key }]: KeyRing, accountId: string, code: string): string {
  return hmacOf(key, accountId, code);
}

/** What a code may be kept as that another process sealed under another key of the ring. */
export function otherCodeHmacs([, ...others]: KeyRing, accountId: string, code: string): readonly string[] {
  return others.map(({ key }) => hmacOf(key, accountId, code));
}

function hmacOf(key: Buffer, accountId: string, code: string): string {
  return createHmac('sha256', key).update(`${accountId}:${code}`).digest('hex');
}
