import { createHmac } from 'node:crypto';

/** What is kept of the code of a customer's operation: HMAC-SHA256 hex with the account's id. */
export function codeHmac(key: Buffer, accountId: string, code: string): string {
  return createHmac('sha256', key).update(`${accountId}:${code}`).digest('hex');
}
