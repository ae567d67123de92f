import { createHash } from 'node:crypto';
import type { Secret } from '../../../core/secret.ts';
import { WireError } from './error.ts';

/** MySQL internals, "Capabilities Flags". */
const LONG_PASSWORD = 0x1;
const PROTOCOL_41 = 0x200;
const SSL = 0x800;
const TRANSACTIONS = 0x2000;
const SECURE_CONNECTION = 0x8000;
const PLUGIN_AUTH = 0x8_0000;
const CAPABILITIES = LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
const MAX_PACKET_BYTES = 0x4000_0000;
/** utf8mb4_bin. */
const CHARSET = 46;
const PLUGIN = 'caching_sha2_password';
/** MariaDB's usual one. */
const NATIVE = 'mysql_native_password';

export interface Greeting {
  /** What the password is mixed with. */
  readonly nonce: Buffer;
  readonly offersTls: boolean;
}

/** Protocol version 10: version text, connection 4, nonce 8, 0, capabilities 2, charset, status 2, capabilities 2 … */
export function readGreeting(message: Buffer): Greeting {
  if (message.readUInt8(0) !== 10) throw new WireError(`the server speaks protocol ${message.readUInt8(0)}`);
  const nonceAt = message.indexOf(0, 1) + 5;
  const capabilitiesAt = nonceAt + 9;
  const secondPartAt = capabilitiesAt + 2 + 1 + 2 + 2 + 1 + 10;
  const nonce = Buffer.concat([
    message.subarray(nonceAt, nonceAt + 8),
    message.subarray(secondPartAt, secondPartAt + 12),
  ]);
  return { nonce, offersTls: (message.readUInt16LE(capabilitiesAt) & SSL) !== 0 };
}

/** The head of both answers; alone it asks for TLS. */
export function answerHead(withTls: boolean): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(CAPABILITIES | (withTls ? SSL : 0), 0);
  head.writeUInt32LE(MAX_PACKET_BYTES, 4);
  head.writeUInt8(CHARSET, 8);
  return head;
}

export function loginAnswer(
  login: { readonly username: string; readonly password: Secret; readonly withTls: boolean },
  nonce: Buffer,
): Buffer {
  const proof = scramble(login.password, nonce);
  const name = Buffer.from(`${login.username}\0`);
  return Buffer.concat([
    answerHead(login.withTls),
    name,
    Buffer.from([proof.length]),
    proof,
    Buffer.from(`${PLUGIN}\0`),
  ]);
}

/** Answers a request for another method: 0xfe, its name, 0, a new nonce, 0. Throws WireError for what is not spoken. */
export function switchAnswer(password: Secret, message: Buffer): Buffer {
  const nameEnd = message.indexOf(0, 1);
  const name = message.toString('latin1', 1, nameEnd);
  const nonce = message.subarray(nameEnd + 1, nameEnd + 21);
  if (name === PLUGIN) return scramble(password, nonce);
  if (name === NATIVE) return nativeScramble(password, nonce);
  throw new WireError(`the server asks for ${name}; only ${PLUGIN} and ${NATIVE} are spoken`);
}

/** "Secure Password Authentication": SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))). */
function nativeScramble(password: Secret, nonce: Buffer): Buffer {
  const plain = password.reveal();
  if (plain === '') return Buffer.alloc(0);
  const once = digest('sha1', Buffer.from(plain));
  return masked(once, digest('sha1', Buffer.concat([nonce, digest('sha1', once)])));
}

/** "Caching_sha2_password information": SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce). */
export function scramble(password: Secret, nonce: Buffer): Buffer {
  const plain = password.reveal();
  if (plain === '') return Buffer.alloc(0);
  const once = sha256(Buffer.from(plain));
  const mask = sha256(Buffer.concat([sha256(sha256(once)), nonce]));
  return masked(once, mask);
}

function masked(bytes: Buffer, mask: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (mask[index] ?? 0)));
}

function sha256(bytes: Buffer): Buffer {
  return digest('sha256', bytes);
}

/** SHA1 is what MariaDB's protocol asks for; TLS or the socket is what keeps it. */
function digest(algorithm: 'sha1' | 'sha256', bytes: Buffer): Buffer {
  return createHash(algorithm).update(bytes).digest();
}
