import { createHash } from 'node:crypto';
import { sourcesList } from './mirrors.ts';
import { relaysOf } from './relays.ts';
import type { Lab, LabHost } from './types.ts';

/** The person that every host knows, with sudo and no password, as Debian's cloud images have it. */
export const LAB_USER = 'debian';
export const LAB_USER_ID = 1000;

/** A file that makes a host this host. Folders above it have the same owner's rights as in the base image. */
export interface SeedFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly userId: number;
}

/** Folders that a seed makes with other rights than root's 0755. */
export const SEED_FOLDERS: readonly { readonly path: string; readonly userId: number }[] = [
  { path: 'root', userId: 0 },
  { path: 'root/.ssh', userId: 0 },
  { path: `home/${LAB_USER}`, userId: LAB_USER_ID },
  { path: `home/${LAB_USER}/.ssh`, userId: LAB_USER_ID },
];

export interface SeedKeys {
  /** Of those who may log in, in authorized_keys format. */
  readonly authorized: string;
  readonly hostPrivate: string;
  readonly hostPublic: string;
}

export function seedFiles(lab: Lab, host: LabHost, keys: SeedKeys): readonly SeedFile[] {
  return [
    file('etc/hostname', `${host.name}\n`),
    file('etc/hosts', hostsFile(lab)),
    // No DNS is there; a server that refuses at once is better than one that is waited for.
    file('etc/resolv.conf', 'nameserver 127.0.0.1\noptions attempts:1 timeout:1\n'),
    file('etc/machine-id', `${machineId(lab, host)}\n`),
    file('etc/apt/sources.list', sourcesList(host.distribution, lab.mirrors)),
    // A mirror may be a snapshot, whose dates are old.
    file(
      'etc/apt/apt.conf.d/90ompay-lab',
      'Acquire::Check-Valid-Until "false";\nAcquire::Retries "3";\nAcquire::http::Timeout "30";\n',
    ),
    { ...file('etc/ssh/ssh_host_ed25519_key', keys.hostPrivate), mode: 0o600 },
    file('etc/ssh/ssh_host_ed25519_key.pub', keys.hostPublic),
    { ...file('root/.ssh/authorized_keys', keys.authorized), mode: 0o600 },
    {
      path: `home/${LAB_USER}/.ssh/authorized_keys`,
      content: keys.authorized,
      mode: 0o600,
      userId: LAB_USER_ID,
    },
  ];
}

function file(path: string, content: string): SeedFile {
  return { path, content, mode: 0o644, userId: 0 };
}

function hostsFile(lab: Lab): string {
  const lines = [
    '127.0.0.1 localhost',
    '::1 localhost ip6-localhost ip6-loopback',
    ...lab.hosts.map(({ address, name }) => `${address} ${name}`),
    ...new Set(relaysOf(lab).map(({ address, host }) => `${address} ${host}`)),
  ];
  return `${lines.join('\n')}\n`;
}

/** machine-id(5): 32 hexadecimal digits; each host its own, the same at each boot. */
function machineId(lab: Lab, host: LabHost): string {
  return createHash('sha256').update(`${lab.id}/${host.name}`).digest('hex').slice(0, 32);
}
