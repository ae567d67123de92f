import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';

/** What every name of every lab begins with; only what begins so is ever removed. */
export const PREFIX = 'ompay-lab-';
/** The same for network interfaces, whose names have at most 15 bytes (IFNAMSIZ, linux/if.h). */
export const LINK_PREFIX = 'olab';
const ID = '[0-9a-f]{6}';

/** Disks and addresses of all labs of this machine, root's. */
export const LABS_FOLDER = '/var/lib/ompay/lab';
export const CACHE_FOLDER = '/var/cache/ompay/lab';

const HOST_NAME = /^[a-z][a-z0-9-]{0,19}$/;

/** Six hexadecimal digits that belong to one installation: the names of its lab are known without any file of it. */
export function labId(layout: Layout): string {
  return createHash('sha256').update(layout.state).digest('hex').slice(0, 6);
}

/** The lab that a name belongs to, undefined when it is no name of ours. */
export function labIdOf(name: string): string | undefined {
  return new RegExp(`^(?:${PREFIX}|${LINK_PREFIX})(${ID})(?:[-.b]|$)`).exec(name)?.[1];
}

/** Names of a lab's parts, and its folders. */
export interface LabNames {
  readonly id: string;
  /** All network namespaces, machines and cgroups of the lab begin with it. */
  readonly prefix: string;
  /** All its interfaces begin with it. */
  readonly linkPrefix: string;
  readonly bridge: string;
  /** What `up` runs is in this cgroup, so that what a killed one left running is found. */
  readonly upGroup: string;
  readonly relayGroup: string;
  /** Everything of the lab that is not in the installation's folder. */
  readonly folder: string;
}

export function labNames(id: string): LabNames {
  const prefix = `${PREFIX}${id}`;
  return {
    id,
    prefix,
    linkPrefix: `${LINK_PREFIX}${id}`,
    bridge: `${LINK_PREFIX}${id}b`,
    upGroup: `${prefix}.up`,
    relayGroup: `${prefix}.relay`,
    folder: join(LABS_FOLDER, id),
  };
}

export interface HostNames {
  /** Network namespace, machine and cgroup. */
  readonly machine: string;
  /** The end of the cable that is at the bridge; the other is `eth0` inside. */
  readonly link: string;
  readonly disk: string;
  readonly log: string;
}

/** @param index of the host in its lab, from 0. */
export function hostNames(id: string, host: string, index: number): HostNames {
  const { prefix, linkPrefix, folder } = labNames(id);
  const disk = join(folder, 'hosts', host);
  return {
    machine: `${prefix}-${host}`,
    link: `${linkPrefix}-${index}`,
    disk,
    log: join(disk, 'console.log'),
  };
}

/** What `up` leaves for the other commands, in the installation. */
export interface LabFiles {
  readonly folder: string;
  readonly record: string;
  readonly owner: string;
  readonly environment: string;
  readonly knownHosts: string;
  readonly sshConfig: string;
  readonly key: string;
  readonly hostKey: (host: string) => string;
}

export function labFiles(layout: Layout): LabFiles {
  const folder = join(layout.state, 'lab');
  return {
    folder,
    record: join(folder, 'lab.json'),
    // Beside the folder, which `down` removes: who waits there must find the file that the other holds.
    owner: join(layout.state, 'lab.owner'),
    environment: join(folder, 'environment.yml'),
    knownHosts: join(folder, 'known_hosts'),
    sshConfig: join(folder, 'ssh_config'),
    key: join(folder, 'key'),
    hostKey: (host) => join(folder, 'host-keys', host),
  };
}

const MAX_HOSTS = 50;

/** `lb,web1,web2` as names, in their order. Throws `usage` for a name that cannot be a host's, or one named twice. */
export function readHostNames(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const hint = 'ompay lab up --hosts lb,web1,web2,db1';
  for (const name of names) {
    if (HOST_NAME.test(name)) continue;
    throw new OmpayError(
      'usage',
      `${JSON.stringify(name)} cannot be a host's name: 1 to 20 of a-z, 0-9 and -, a letter first`,
      { hint },
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new OmpayError('usage', `the host ${twice} is named twice`, { hint });
  if (names.length > MAX_HOSTS)
    throw new OmpayError('usage', `${names.length} hosts; a lab has at most ${MAX_HOSTS}`, { hint });
  return names;
}
