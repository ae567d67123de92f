import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { Secret } from '../../core/secret.ts';

/** A certificate and its private key, as they are kept: in one file, so that they change together. */
export interface KeyPair {
  readonly certificatePem: string;
  readonly key: Secret;
}

const BLOCK = /-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----/g;

/** Reads one certificate and one private key; undefined when either is missing or not readable. */
export function readKeyPair(text: string): KeyPair | undefined {
  const blocks = [...text.matchAll(BLOCK)];
  const blockOf = (kind: RegExp): string | undefined => blocks.find(([, name = '']) => kind.test(name))?.[0];
  const certificatePem = blockOf(/^CERTIFICATE$/);
  const keyPem = blockOf(/PRIVATE KEY$/);
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  if (certificateIn(certificatePem) === undefined || keyIn(keyPem) === undefined) return undefined;
  return { certificatePem: `${certificatePem}\n`, key: new Secret(`${keyPem}\n`) };
}

export function keyPairText({ certificatePem, key }: KeyPair): Secret {
  return new Secret(`${certificatePem}${key.reveal()}`);
}

export function certificateIn(pem: string): X509Certificate | undefined {
  return attempt(() => new X509Certificate(pem));
}

export function keyIn(pem: string): KeyObject | undefined {
  return attempt(() => createPrivateKey(pem));
}

/** Node says by an exception alone whether a text is a key or a certificate. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
