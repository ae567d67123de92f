import { isIP } from 'node:net';
import { certificateIn, type KeyPair, keyIn } from './pem.ts';

const DAY_MS = 86_400_000;

/** At most what browsers take of public certificates (CA/Browser Forum, Baseline Requirements 6.3.2, of 2020: 398 days). */
export const CERTIFICATE_DAYS = 397;
/** With fewer days left it is made anew. */
export const RENEWED_BEFORE_DAYS = 60;
export const AUTHORITY_DAYS = 7300;

/** Whom a certificate is for: the names and addresses that others reach the host by. */
export interface CertifiedHost {
  readonly name: string;
  readonly address: string;
}

/** As openssl's `subjectAltName` and as Node prints it, in one order: `DNS:web1, IP Address:10.0.0.11`. */
export function alternativeNames({ name, address }: CertifiedHost): readonly string[] {
  const names = [`DNS:${name}`, isIP(address) === 0 ? `DNS:${address}` : `IP:${address}`];
  return [...new Set(names)];
}

/** Why a host's certificate must be made anew; undefined when it is good. */
export function faultOf(
  pair: KeyPair,
  {
    host,
    authority,
    nowMs,
  }: { readonly host: CertifiedHost; readonly authority: KeyPair; readonly nowMs: number },
): string | undefined {
  const certificate = certificateIn(pair.certificatePem);
  const key = keyIn(pair.key.reveal());
  const issuer = certificateIn(authority.certificatePem);
  if (certificate === undefined || key === undefined || issuer === undefined) return 'cannot be read';
  if (!certificate.checkPrivateKey(key)) return 'is of another key';
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
    return 'is of another authority';
  if (!isFor(host, certificate.subjectAltName ?? '')) return 'has other names';
  return daysLeft(certificate.validTo, nowMs) < RENEWED_BEFORE_DAYS ? 'ends soon' : undefined;
}

export function daysLeft(validTo: string, nowMs: number): number {
  return (Date.parse(validTo) - nowMs) / DAY_MS;
}

function isFor({ name, address }: CertifiedHost, shown: string): boolean {
  const printed = shown.split(', ').map((each) => each.replace('IP Address:', 'IP:'));
  const wanted = alternativeNames({ name, address });
  return printed.length === wanted.length && wanted.every((each) => printed.some((one) => isSame(one, each)));
}

/** Node prints IPv6 addresses in its own spelling. */
function isSame(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(name: string): string {
  const address = name.replace(/^IP:/, '');
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname : name.toLowerCase();
}
