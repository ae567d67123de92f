import { randomBytes, randomUUID } from 'node:crypto';

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

/**
 * A UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds, then randomness; index-friendly primary keys. The randomness is a
 * UUIDv4's, which has the same variant bits: Node keeps a store of it, and that takes a quarter of the time of `randomBytes`.
 */
export function uuidv7(epochMs: number): string {
  const time = epochMs.toString(16).padStart(12, '0');
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${random.slice(19)}`;
}
