import { OmpayError } from '../core/errors.ts';
import type { Digest } from '../store/repository/meter.ts';
import type { Store } from '../store/store.ts';

export function payloadMismatch(store: Store, key: string, seen: Digest, expected: Digest): OmpayError {
  return new OmpayError(
    'backupDamaged',
    `${key} in ${store.name} has ${seen.sizeBytes} bytes, SHA-256 ${seen.sha256}; written were ${expected.sizeBytes} bytes, ${expected.sha256}`,
    { hint: 'check that disk, then make another backup; restore from another copy' },
  );
}
