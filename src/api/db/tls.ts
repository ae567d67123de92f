import { readFileSync } from 'node:fs';
import { messageOf, OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { DatabaseSettings } from './settings.ts';

export interface TlsOptions {
  readonly ca?: string;
  readonly rejectUnauthorized: true;
  readonly minVersion: 'TLSv1.2';
}

/** For a driver; undefined speaks plainly, as on a socket always. Throws `configInvalid` when the authorities cannot be read. */
export function tlsOptionsOf({ tls, socketPath }: DatabaseSettings): TlsOptions | undefined {
  if (tls === undefined || socketPath !== undefined) return undefined;
  const strict = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;
  return tls.caPath === null ? strict : { ...strict, ca: readAuthorities(tls.caPath) };
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OmpayError('configInvalid', `DB_TLS_CA cannot be read: ${messageOf(cause)}`, {
      hint: "put the certificates (PEM) of the database's authority there, readable for the API's user",
      cause,
    });
  }
}

/**
 * What Node's TLS (OpenSSL's X509_V_ERR_ names, and its own) says of a certificate that it does not accept; mysql2
 * writes its own two over them.
 */
const REFUSALS: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HANDSHAKE_SSL_ERROR',
  'HANDSHAKE_NO_SSL_SUPPORT',
]);

/** Whoever answered could not prove who it is: waiting does not change that. */
export function isUntrusted(error: unknown): boolean {
  return REFUSALS.has(systemCodeOf(error));
}
