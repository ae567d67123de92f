import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';

const SIGNATURE_BYTES = 64;
const PROVISION = 'put the public key of whoever signs there: ompay provision -e ENVIRONMENT --only app';

/**
 * Throws `releaseNotTrusted` unless one of the keys in the folder (Ed25519, SPKI PEM, a `.pem` each) has signed these very bytes.
 */
export function assertSigned(signed: {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly trustFolder: string;
}): void {
  const { what, bytes, signature, trustFolder } = signed;
  const refused = (why: string, hint: string): OmpayError =>
    new OmpayError('releaseNotTrusted', `${what} ${why}`, { hint });
  if (signature.length === 0) throw refused('is not signed', PROVISION);
  if (signature.length !== SIGNATURE_BYTES) {
    throw refused(
      `has a signature of ${signature.length} bytes, not ${SIGNATURE_BYTES}`,
      'send it again: ompay deploy -e ENVIRONMENT',
    );
  }
  const { keys, unusable } = trustedKeys(trustFolder);
  if (keys.some((key) => verify(null, bytes, key, signature))) return;
  const besides = unusable.length === 0 ? '' : `, and ${unusable.join(', ')} cannot be used as one`;
  throw refused(`is signed by none of the ${keys.length} keys in ${trustFolder}${besides}`, PROVISION);
}

interface TrustedKeys {
  readonly keys: readonly KeyObject[];
  /** Names of files that hold no Ed25519 public key. */
  readonly unusable: readonly string[];
}

function trustedKeys(folder: string): TrustedKeys {
  const names = namesIn(folder).filter((name) => name.endsWith('.pem'));
  const read = names.map((name) => ({ name, key: publicKeyIn(join(folder, name)) }));
  return {
    keys: read.flatMap(({ key }) => (key === undefined ? [] : [key])),
    unusable: read.flatMap(({ name, key }) => (key === undefined ? [name] : [])),
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A file that cannot be used takes the trust in the others not away. */
function publicKeyIn(path: string): KeyObject | undefined {
  try {
    const key = createPublicKey(readFileSync(path));
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
