import type { Slot } from './layout.ts';

/**
 * Where things lie on a server. Provisioning makes the folders, deploying fills them. All is root's but the sockets: the API
 * runs as `ompay` and can write to its own caches and logs alone.
 */
export const SERVER = {
  /** Group of the sockets too: the web server's user is in it. */
  user: 'ompay',
  /** Releases by id, read-only: `api.mjs`, `ops.mjs`, `manifest.json`, its signature, SBOM, and `node`, a link into `runtimes`. */
  releases: '/opt/ompay/releases',
  /** Node by the SHA-256 of its binary, shared by the releases that want it. */
  runtimes: '/opt/ompay/runtimes',
  /** The program that carries a switch, by content; `current` links to the one in use. */
  agents: '/opt/ompay/agents',
  /** `blue` and `green`: links to releases. */
  slots: '/opt/ompay/slots',
  /** The API's variables, secrets among them: root's, 0600; systemd reads it for the units. */
  environment: '/etc/ompay/environment',
  /** Public keys (SPKI PEM) that a release may be signed by, a file each. */
  trustedKeys: '/etc/ompay/trust',
  /** Certificates and their keys. */
  tls: '/etc/ompay/tls',
  /** Whom the hosts of the fleet believe: no secret. */
  tlsAuthority: '/etc/ompay/tls/ca.pem',
  run: '/run/ompay',
  /** What nginx asks: a link to the live slot's socket. A switch is one rename of it. */
  currentSocket: '/run/ompay/current.sock',
  state: '/var/lib/ompay',
  /** A link that names the live slot, and outlives a restart of the host. */
  live: '/var/lib/ompay/live',
  lock: '/var/lib/ompay/lock',
  /** The greatest token of a lock that ever switched. */
  fence: '/var/lib/ompay/fence',
  accepted: '/var/lib/ompay/accepted.json',
  /** A link while a switch is armed and not yet kept: it names the slot before, the slot after and the token. */
  pending: '/var/lib/ompay/pending',
  /** Sockets of the programs that carry a switch, one a run; gone with it. */
  carriers: '/run/ompay-carriers',
  /** A link while users are told to come back, to a folder with `fr.json` and `en.json`. */
  maintenance: '/var/lib/ompay/maintenance',
  /** What an ACME client answers challenges from. */
  acmeRoot: '/var/lib/ompay/acme',
  logs: '/var/log/ompay',
} as const;

/** What shipping and pruning touch. */
export interface ReleasePlaces {
  readonly releases: string;
  readonly runtimes: string;
  readonly agents: string;
  readonly slots: string;
  readonly trustedKeys: string;
  readonly live: string;
  readonly accepted: string;
}

/** @param root what goes before every path: a server's is empty. */
export function releasePlaces(root = ''): ReleasePlaces {
  return {
    releases: `${root}${SERVER.releases}`,
    runtimes: `${root}${SERVER.runtimes}`,
    agents: `${root}${SERVER.agents}`,
    slots: `${root}${SERVER.slots}`,
    trustedKeys: `${root}${SERVER.trustedKeys}`,
    live: `${root}${SERVER.live}`,
    accepted: `${root}${SERVER.accepted}`,
  };
}

/** In the folder of a release or an agent: a link to the runtime that runs it. */
export const NODE_LINK = 'node';
/** In the folder of an agent: its program. */
export const AGENT_FILE = 'agent.mjs';
/** Under `agents`: a link to the one in use. */
export const CURRENT_AGENT = 'current';

/** The API's account in the fleet's Redis: `REDIS_USERNAME` of the web hosts. */
export const REDIS_USER = 'ompay';

export function slotSocket(slot: Slot): string {
  return `${SERVER.run}/${slot}.sock`;
}

/** Variables of one slot: which release it runs, its socket. */
export function slotEnvironment(slot: Slot): string {
  return `/etc/ompay/slots/${slot}.env`;
}

export function slotLink(slot: Slot): string {
  return `${SERVER.slots}/${slot}`;
}

export function slotUnit(slot: Slot): string {
  return `ompay-api@${slot}.service`;
}

export function workerUnit(slot: Slot): string {
  return `ompay-worker@${slot}.service`;
}
