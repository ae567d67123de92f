import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';

/**
 * What servers keep of a password, made here: the password itself never reaches their hosts, logs or binary logs, and one
 * comparison tells whether a server has it.
 */

/** MariaDB's `mysql_native_password`: SHA-1 twice, in hexadecimal after a star. */
export function nativeVerifier(password: Secret): string {
  const once = createHash('sha1').update(password.reveal()).digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}

const SCRAM_ROUNDS = 4096;
const SCRAM_SALT_BYTES = 16;

/** PostgreSQL's `SCRAM-SHA-256$rounds:salt$StoredKey:ServerKey` (RFC 5802, 3; RFC 7677). Passwords are ASCII: no SASLprep. */
export function scramVerifier(password: Secret, account: string): string {
  return scramOf(password, saltOf(account).subarray(0, SCRAM_SALT_BYTES));
}

export function scramOf(password: Secret, salt: Buffer): string {
  const salted = pbkdf2Sync(password.reveal(), salt, SCRAM_ROUNDS, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${SCRAM_ROUNDS}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`;
}

const CACHING_SALT_CHARACTERS = 20;

/** MySQL's `caching_sha2_password`: `$A$005$`, a salt of 20 characters, SHA-crypt of 5,000 rounds. */
export function cachingSha2Verifier(password: Secret, account: string): string {
  const salt = saltOf(account).toString('hex').slice(0, CACHING_SALT_CHARACTERS);
  return `$A$005$${salt}${shaCrypt(password, salt)}`;
}

/** The same at each run, so that a server can be compared; another for each account. Of the account alone: it is no secret. */
function saltOf(account: string): Buffer {
  return createHash('sha256').update(`ompay ${account}`).digest();
}

const CRYPT_ROUNDS = 5000;

/** Ulrich Drepper's "Unix crypt using SHA-256" (akkadia.org/drepper/SHA-crypt.txt), by its steps. */
export function shaCrypt(password: Secret, salt: string): string {
  const key = Buffer.from(password.reveal());
  const seed = Buffer.from(salt);
  const second = sha256(key, seed, key);
  const first = sha256(key, seed, repeated(second, key.length), ...bitsOf(key.length, second, key));
  const keys = repeated(sha256(...Array<Buffer>(key.length).fill(key)), key.length);
  const seeds = repeated(sha256(...Array<Buffer>(16 + (first[0] ?? 0)).fill(seed)), seed.length);
  const none = Buffer.alloc(0);
  let digest = first;
  for (let round = 0; round < CRYPT_ROUNDS; round += 1) {
    const isOdd = round % 2 === 1;
    digest = sha256(
      isOdd ? keys : digest,
      round % 3 === 0 ? none : seeds,
      round % 7 === 0 ? none : keys,
      isOdd ? digest : keys,
    );
  }
  return cryptText(digest);
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

/** From the lowest bit of the length on: the digest for a one, the key for a zero. */
function bitsOf(length: number, digest: Buffer, key: Buffer): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let rest = length; rest > 0; rest >>= 1) parts.push(rest % 2 === 1 ? digest : key);
  return parts;
}

const CRYPT_ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Three bytes give four characters, the lowest first; the places of the bytes go round: 0 10 20, 21 1 11, 12 22 2 … */
function cryptText(digest: Buffer): string {
  const at = (index: number): number => digest[index] ?? 0;
  let text = '';
  for (let group = 0; group < 10; group += 1) {
    const [high, middle, low] = [0, 10, 20].map((place) => (place + 21 * group) % 30);
    text += characters((at(high ?? 0) << 16) | (at(middle ?? 0) << 8) | at(low ?? 0), 4);
  }
  return text + characters((at(31) << 8) | at(30), 3);
}

function characters(bits: number, count: number): string {
  return Array.from({ length: count }, (_, index) => CRYPT_ALPHABET[(bits >> (6 * index)) & 63]).join('');
}
