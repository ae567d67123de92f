import { isIP } from 'node:net';
import { SETTINGS } from '../../config/yml/settings.ts';
import { SERVER } from '../../core/server-layout.ts';
import { addressesOf, type HostInput, hasRole } from '../input.ts';

/** What the world asks for, by `app.url`. */
export interface Site {
  readonly name: string;
  /** Not for an address: clients name it in the TLS handshake, so that other names can be refused. */
  readonly isName: boolean;
}

/** Certificate chain and key of the site: one file, so that they change together. */
export const SITE_PEM = `${SERVER.tls}/site.pem`;
/** Certificate and key that the hosts of the fleet believe. */
export const FLEET_PEM = `${SERVER.tls}/fleet.pem`;
/** Programs of ours that units and timers start. */
export const PROGRAMS = '/usr/local/lib/ompay';

export function siteOf({ config }: HostInput): Site {
  const name = new URL(config.value(SETTINGS.appUrl) ?? 'http://localhost').hostname;
  return { name, isName: isIP(name.replace(/^\[|\]$/g, '')) === 0 };
}

/** Whether this host is what clients connect to: a load balancer, or a web host where there is none. */
export function isFront(input: HostInput): boolean {
  return hasRole(input, 'lb') || (hasRole(input, 'web') && addressesOf(input, 'lb').length === 0);
}
