import assert from 'node:assert/strict';
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { createGate } from './gate.ts';

/** Argon2id, 19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet. About 23 ms here. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/**
 * Hashing runs on libuv's four threads, which the file system and DNS need too, and there are two cores to give:
 * two at once, and a line that is served within about 1.5 s.
 */
const GATE = { concurrency: 2, waiting: 128 };

export interface PasswordHasher {
  /** In the PHC string format, with the salt and the cost. */
  hash(password: string): Promise<string>;
  /** False, after the same work, when there is no hash to compare with. */
  verify(password: string, stored: string | null): Promise<boolean>;
}

export function createPasswordHasher(): PasswordHasher {
  const gate = createGate(GATE);
  const nobody = encode(randomBytes(SALT_BYTES), randomBytes(TAG_BYTES));
  return {
    hash: async (password) => {
      const salt = randomBytes(SALT_BYTES);
      return encode(salt, await gate.run(() => tagOf(password, salt)));
    },
    verify: async (password, stored) => {
      const { salt, tag } = decode(stored ?? nobody);
      return timingSafeEqual(await gate.run(() => tagOf(password, salt)), tag);
    },
  };
}

const argon2Async = promisify(argon2);

function tagOf(password: string, salt: Buffer): Promise<Buffer> {
  return argon2Async('argon2id', {
    message: password.normalize('NFC'),
    nonce: salt,
    tagLength: TAG_BYTES,
    ...COST,
  });
}

function encode(salt: Buffer, tag: Buffer): string {
  const cost = `m=${COST.memory},t=${COST.passes},p=${COST.parallelism}`;
  return `$argon2id$v=19$${cost}$${unpadded(salt)}$${unpadded(tag)}`;
}

function decode(stored: string): { readonly salt: Buffer; readonly tag: Buffer } {
  const match = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$([^$]+)\$([^$]+)$/.exec(stored);
  assert(match !== null, 'a stored password hash has another form');
  const [, salt = '', tag = ''] = match;
  return { salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
