import type { Secrets } from '../config/env-file.ts';
import type { EnvironmentConfig } from '../config/yml/environment.ts';
import type { HostName } from '../host/host.ts';
import type { HostCertificate } from './ca.ts';
import type { HostFacts } from './facts.ts';

export type HostRole = 'lb' | 'web' | 'db' | 'redis' | 'backup';

export interface FleetHost {
  readonly name: HostName;
  /** The IP address that the others reach it by. */
  readonly address: string;
  readonly roles: readonly HostRole[];
}

/** What roles are made from, for one host. Built in one place: src/cli/kit/provision.ts. */
export interface HostInput {
  readonly host: FleetHost;
  /** All hosts of the environment, this one too. */
  readonly fleet: readonly FleetHost[];
  readonly facts: HostFacts;
  /** For what no field below says: `input.config.value(SETTINGS.tlsEmail)`. */
  readonly config: EnvironmentConfig;
  readonly secrets: Secrets;
  /** Of the fleet's authority (`fleetCertificates`). */
  readonly certificate: HostCertificate;
  /** Who may sign releases for these hosts (SPKI PEM); null while there is no key yet. */
  readonly releaseKeyPem: string | null;
  /** Who vouches for an ACME server that is not public (`tls.acme_ca`, PEM). */
  readonly acmeAuthorityPem: string | null;
  readonly ssh: { readonly port: number; readonly from: readonly string[] };
  readonly web: { readonly from: readonly string[] };
  readonly database: { readonly engine: 'mysql' | 'mariadb' | 'pgsql'; readonly port: number };
  readonly redis: { readonly port: number };
  /** Networks that may ask the exporters. */
  readonly monitoring: readonly string[];
}

export function hasRole({ host }: HostInput, ...roles: readonly HostRole[]): boolean {
  return host.roles.some((role) => roles.includes(role));
}

/** Addresses of the hosts with one of the roles. */
export function addressesOf({ fleet }: HostInput, ...roles: readonly HostRole[]): readonly string[] {
  return fleet
    .filter((host) => host.roles.some((role) => roles.includes(role)))
    .map(({ address }) => address);
}
