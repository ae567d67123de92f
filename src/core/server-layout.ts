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
  /** What an ACME client answers challenges from. */
  acmeRoot: '/var/lib/ompay/acme',
  logs: '/var/log/ompay',
} as const;

/** The places of SERVER, all below another folder than `/`: a rehearsal's, a test's. */
export type ServerPlaces = { readonly [Name in keyof typeof SERVER]: string };

export function serverPlaces(root = ''): ServerPlaces {
  const { user, ...paths } = SERVER;
  const below = (path: string): string => `${root}${path}`;
  return {
    user,
    releases: below(paths.releases),
    runtimes: below(paths.runtimes),
    agents: below(paths.agents),
    slots: below(paths.slots),
    environment: below(paths.environment),
    trustedKeys: below(paths.trustedKeys),
    tls: below(paths.tls),
    run: below(paths.run),
    currentSocket: below(paths.currentSocket),
    state: below(paths.state),
    live: below(paths.live),
    lock: below(paths.lock),
    fence: below(paths.fence),
    accepted: below(paths.accepted),
    acmeRoot: below(paths.acmeRoot),
    logs: below(paths.logs),
  };
}

/** In the folder of a release or an agent: a link to the runtime that runs it. */
export const NODE_LINK = 'node';

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
