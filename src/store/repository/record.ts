import { type KeyObject, sign, verify } from 'node:crypto';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { type JsonReader, readJson } from '../../core/json.ts';
import { sha256Of } from './meter.ts';
import { documentOrigin } from './origin.ts';

/** A JSON document with `hash` (SHA-256 hex over all fields before it) and `signature` (ed25519 over that hash, base64). */
export interface SealedRecord {
  readonly bytes: Uint8Array;
  readonly hash: string;
  readonly signature: string;
}

export function sealRecord(content: Readonly<Record<string, unknown>>, signingKey: KeyObject): SealedRecord {
  const hash = hashOf(content);
  const signature = sign(null, Buffer.from(hash, 'hex'), signingKey).toString('base64');
  const bytes = Buffer.from(`${JSON.stringify({ ...content, hash, signature }, null, 2)}\n`);
  return { bytes, hash, signature };
}

export interface OpenedRecord {
  readonly content: JsonReader;
  readonly hash: string;
}

/** Throws `backupDamaged` when a field was changed or the signature is not by the key's owner. */
export function openRecord(bytes: Uint8Array, verificationKey: KeyObject, what: string): OpenedRecord {
  const content = readJson(bytes, documentOrigin(what));
  const hash = content.text('hash');
  const signature = content.text('signature');
  if (hashOf(withoutSeal(bytes, what)) !== hash) throw forged(what, 'its hash does not fit its content');
  if (!isSignedBy(verificationKey, hash, signature)) throw forged(what, 'its signature is not by our key');
  return { content, hash };
}

function isSignedBy(verificationKey: KeyObject, hash: string, signature: string): boolean {
  return verify(null, Buffer.from(hash, 'hex'), verificationKey, Buffer.from(signature, 'base64'));
}

/** JSON.parse keeps the order of names, so the same fields give the same text again. */
function withoutSeal(bytes: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return Object.fromEntries(
      Object.entries(value ?? {}).filter(([name]) => name !== 'hash' && name !== 'signature'),
    );
  } catch (error) {
    throw forged(what, messageOf(error));
  }
}

function hashOf(content: Readonly<Record<string, unknown>>): string {
  return sha256Of(Buffer.from(JSON.stringify(content)));
}

function forged(what: string, why: string): OmpayError {
  return new OmpayError('backupDamaged', `${what} was changed after it was written: ${why}`, {
    hint: 'compare it with another copy before trusting this store',
  });
}
