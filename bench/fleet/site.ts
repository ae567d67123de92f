import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { connect, type SecureVersion } from 'node:tls';

/** A site by its name, at an address that no DNS knows. */
export interface Site {
  readonly name: string;
  readonly address: string;
  /** Certificates (PEM) that vouch for it; absent: nobody has to. */
  readonly roots?: string;
}

export interface SiteRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SiteAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;

export function lookupOf({ address }: Pick<Site, 'address'>): LookupFunction {
  return (_name, options, found) => {
    if (options.all === true) found(null, [{ address, family: 4 }]);
    else found(null, address, 4);
  };
}

/** One request on a connection of its own; throws when there is no answer within 10 s. */
export function askSite(site: Site, path: string, wish: SiteRequest = {}): Promise<SiteAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = wish;
    const trust = site.roots === undefined ? { rejectUnauthorized: false } : { ca: site.roots };
    const where = {
      host: site.name,
      // Told by itself: Node would else take the name of the handshake from the header `host`.
      servername: site.name,
      path,
      lookup: lookupOf(site),
      agent: false,
    } as const;
    const asked = request({ ...where, ...trust, method, headers, timeout: TIMEOUT_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const named = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
        resolve({ statusCode: answer.statusCode ?? 0, headers: Object.fromEntries(named), body: text });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

/** The protocol that was agreed on and the serial number of the certificate that was shown, or `refused`. */
export function handshake(
  { address, name }: Pick<Site, 'address' | 'name'>,
  version?: SecureVersion,
): Promise<{ readonly protocol: string; readonly serial: string } | 'refused'> {
  return new Promise((resolve) => {
    const versions = version === undefined ? {} : { minVersion: version, maxVersion: version };
    const socket = connect({
      host: address,
      port: 443,
      rejectUnauthorized: false,
      ciphers: 'DEFAULT@SECLEVEL=0',
      servername: name,
      ...versions,
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('timeout')));
    socket.once('secureConnect', () => {
      resolve({ protocol: socket.getProtocol() ?? 'none', serial: socket.getPeerCertificate().serialNumber });
      socket.destroy();
    });
    socket.once('error', () => resolve('refused'));
  });
}
