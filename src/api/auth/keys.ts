import { hkdfSync } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';

export type KeyPurpose = 'otp' | 'outbox' | 'hold' | 'attempts' | 'pin' | 'cache' | 'probe-password';

/**
 * 32 bytes for one purpose, derived from APP_KEY (HKDF-SHA256, RFC 5869): no two purposes share a key.
 * @param applicationKey 32 bytes in base64.
 */
export function deriveKey(applicationKey: Secret, purpose: KeyPurpose): Buffer {
  const material = Buffer.from(applicationKey.reveal(), 'base64');
  return Buffer.from(hkdfSync('sha256', material, '', `ompay/${purpose}`, 32));
}
