import type { Secret } from '../core/secret.ts';
import type { Shell } from '../shell/line.ts';

/**
 * What a host is to have, declared: a role gives a list of these, in the order in which they are made; packages come
 * first in any case. Each is idempotent by what it is.
 */
export type Resource =
  | PackageResource
  | FileResource
  | FolderResource
  | AbsentResource
  | UserResource
  | UnitResource
  | FirewallResource
  | SettingResource;

export type ResourceKind = Resource['kind'];
export type ResourceOf<K extends ResourceKind> = Extract<Resource, { kind: K }>;

/** From the distribution's archive, whatever version it has: security updates change it. */
export interface PackageResource {
  readonly kind: 'package';
  readonly name: string;
}

export interface Ownership {
  readonly owner: string;
  readonly group: string;
  /** Permission bits, as in 0o644. */
  readonly mode: number;
}

export interface FileResource extends Ownership {
  readonly kind: 'file';
  readonly path: string;
  /** Of a secret no difference is ever shown, only that there is one. */
  readonly content: string | Secret;
  /** Run once the new file is in place; when it fails the old one is put back and nothing is told. */
  readonly check?: Shell;
  /** Services that must know of it. */
  readonly tells?: readonly Told[];
}

/** What a service is told once what was changed before it is in place: before the next setting or unit, or at the role's end. */
export interface Told {
  readonly unit: string;
  readonly how: 'reload' | 'restart';
}

export interface FolderResource extends Ownership {
  readonly kind: 'folder';
  readonly path: string;
}

/** A file that must not be there. */
export interface AbsentResource {
  readonly kind: 'absent';
  readonly path: string;
  readonly tells?: readonly Told[];
}

export interface UserResource {
  readonly kind: 'user';
  readonly name: string;
  readonly home: string;
  readonly shell: string;
  /** Beside the group of the user's own name; it is in no other. */
  readonly groups: readonly string[];
}

export interface UnitResource {
  readonly kind: 'unit';
  /** With its ending: `nginx.service`, `ompay-backup.timer`. */
  readonly name: string;
  /** Null: as it is; deploys decide. */
  readonly isEnabled: boolean | null;
  readonly isActive: boolean | null;
}

/** All that may come in; whatever else is open is closed. */
export interface FirewallResource {
  readonly kind: 'firewall';
  readonly allows: readonly AllowedPort[];
}

export interface AllowedPort {
  readonly port: number;
  /** An address or a network in CIDR form (`0.0.0.0/0`: any of IPv4); null: from anywhere. */
  readonly from: string | null;
}

/** What no other kind says: a line that tells whether it is so, and one that makes it so. */
export interface SettingResource {
  readonly kind: 'setting';
  readonly name: string;
  /** Exits 0 when it is so; changes nothing; answers at once. */
  readonly holds: Shell;
  readonly apply: Shell;
  readonly timeoutMs: number;
  readonly tells?: readonly Told[];
}

/** Names it in plans, journals and errors; unique on its host. */
export function idOf(resource: Resource): string {
  switch (resource.kind) {
    case 'file':
    case 'folder':
    case 'absent':
      return `${resource.kind} ${resource.path}`;
    case 'firewall':
      return 'firewall';
    default:
      return `${resource.kind} ${resource.name}`;
  }
}
