import { randomBytes } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A ULID: 10 characters of milliseconds, 16 of randomness, sorting by time (github.com/ulid/spec).
 * Used for runs, backups and releases' journals, where a person reads and types the id.
 */
export function ulid(epochMs: number): string {
  let time = '';
  let rest = epochMs;
  for (let index = 0; index < 10; index += 1) {
    time = CROCKFORD.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  return time + crockford(16);
}

/** Random characters of Crockford's base 32, 5 bits each; none is easily taken for another. */
export function crockford(lengthCharacters: number): string {
  let random = '';
  for (const byte of randomBytes(lengthCharacters)) random += CROCKFORD.charAt(byte % 32);
  return random;
}

/** A UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds, then randomness; index-friendly primary keys. */
export function uuidv7(epochMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(epochMs, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
