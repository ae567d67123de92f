import type { HostName } from '../host/host.ts';

export type HostRole = 'lb' | 'web' | 'db' | 'redis' | 'backup';

export interface FleetHost {
  readonly name: HostName;
  /** The one that the others reach it by. */
  readonly address: string;
  readonly roles: readonly HostRole[];
}

/** What roles are made from, for one host. */
export interface HostInput {
  readonly host: FleetHost;
  /** All hosts of the environment, this one too. */
  readonly fleet: readonly FleetHost[];
  readonly ssh: { readonly port: number };
  readonly database: { readonly engine: 'mysql' | 'mariadb' | 'pgsql'; readonly port: number };
  readonly redis: { readonly port: number };
  /** Exporters are asked by these addresses alone. */
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
