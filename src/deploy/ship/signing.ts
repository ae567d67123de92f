import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { diskRefusal } from '../../core/disk.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { writeFileAtomic, writeNewFile } from '../../core/files.ts';
import type { Layout } from '../../core/layout.ts';

/** Who signs releases here. Servers trust the public half: provisioning puts it there. */
export interface SigningKey {
  sign(bytes: Uint8Array): Uint8Array;
  /** SPKI PEM. */
  readonly publicPem: string;
}

/** 0600; PKCS #8 PEM without a passphrase. */
export function signingKeyPath(layout: Layout): string {
  return join(layout.keys, 'release.key');
}

/** SPKI PEM. */
export function publicKeyPath(layout: Layout): string {
  return join(layout.keys, 'release.pub');
}

/**
 * The key of this installation, made at its first use; a pipeline puts its own there before. Throws `configInvalid` for a key
 * that is no Ed25519 key, or that others can read; `stateUnusable` when the disk refuses.
 */
export function openSigningKey(layout: Layout): SigningKey {
  const path = signingKeyPath(layout);
  const key = readKey(path) ?? makeKey(path);
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  keepPublicHalf(publicKeyPath(layout), publicPem);
  return { publicPem, sign: (bytes) => sign(null, bytes, key) };
}

/** Undefined where there is none yet. */
function readKey(path: string): KeyObject | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw diskRefusal(error, path) ?? unreadable(path, error);
  }
  const openTo = statSync(path).mode & 0o077;
  if (openTo !== 0) throw openToOthers(path);
  const key = parsed(path, pem);
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw wrongKey(path, `is a key of the type ${key.asymmetricKeyType ?? 'unknown'}`);
}

function parsed(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // The message of the library may hold a part of what it read.
    throw wrongKey(path, `cannot be read as a private key (${systemCodeOf(error) ?? 'no code'})`);
  }
}

/** Of two processes that make one at once, the slower takes the other's. */
function makeKey(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    writeNewFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    return privateKey;
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw diskRefusal(error, path) ?? error;
    return readKey(path) ?? makeKey(path);
  }
}

function keepPublicHalf(path: string, pem: string): void {
  try {
    if (readFileSync(path, 'utf8') === pem) return;
  } catch {
    // Not there yet.
  }
  writeFileAtomic(path, pem, 0o644);
}

const HINT = 'make one: openssl genpkey -algorithm ed25519, or remove it and let `ompay deploy -e` make it';

function wrongKey(path: string, why: string): OmpayError {
  return new OmpayError('configInvalid', `the key that signs releases, ${path}, ${why}, not an Ed25519 key`, {
    hint: HINT,
  });
}

function openToOthers(path: string): OmpayError {
  return new OmpayError('configInvalid', `the key that signs releases, ${path}, can be read by others`, {
    hint: `chmod 600 '${path}'`,
  });
}

function unreadable(path: string, cause: unknown): OmpayError {
  return new OmpayError('stateUnusable', `cannot read ${path} (${systemCodeOf(cause) ?? 'no code'})`, {
    hint: `ls -l '${path}'`,
    cause,
  });
}
