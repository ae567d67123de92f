import { homedir } from 'node:os';
import { join } from 'node:path';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import type { HostConfig } from '../../config/yml/hosts.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { OmpayError } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearest.ts';
import { Gate } from '../../host/gate.ts';
import type { Host, HostName } from '../../host/host.ts';
import { openHost } from '../../host/open.ts';
import type { HostKeyPolicy, SshTarget } from '../../host/ssh/target.ts';
import type { Invocation } from '../command.ts';

/** The hosts of an environment. Nothing is connected before a host is first used; `close` ends every connection. */
export interface Fleet {
  readonly hosts: Readonly<Record<HostName, Host>>;
  /** Another connection to the same host, with a handshake of its own; its caller closes it. */
  readonly openAgain: (name: HostName) => Promise<Host>;
  readonly close: () => Promise<void>;
}

export interface FleetOptions {
  /** All of them unless told. An unknown name throws `notFound`. */
  readonly names?: readonly HostName[];
  /** While provisioning alone may an unknown host's key be noted, where the environment says `accept-new`. */
  readonly isProvisioning?: boolean;
  /** Connected to at once; else when a host is first used. */
  readonly isNeededSoon?: boolean;
}

const MAX_HANDSHAKES = 8;

/** Opens hosts as ompay.yml describes them: root's work by sudo where the user is not root, jump hosts as further targets. */
export async function openFleet(
  { environment: variables }: Pick<Invocation, 'environment'>,
  config: EnvironmentConfig,
  options: FleetOptions = {},
): Promise<Fleet> {
  const handshakes = new Gate(MAX_HANDSHAKES);
  const home = variables.HOME ?? homedir();
  const surroundings = { config, home, agentSocket: variables.SSH_AUTH_SOCK, options };
  const open = async (host: HostConfig): Promise<Host> =>
    openHost(
      { kind: 'ssh', ...targetOf(host, surroundings) },
      { handshakes, isNeededSoon: options.isNeededSoon === true },
    );
  const chosen = chosenHosts(config, options.names);
  const opened = await Promise.all(chosen.map(async (host) => [host.name, await open(host)] as const));
  return {
    hosts: Object.fromEntries(opened),
    openAgain: async (name) => open(hostNamed(config, name)),
    close: async () => {
      await Promise.allSettled(opened.map(([, host]) => host.close()));
    },
  };
}

/** Does `work` with the hosts, and closes them whatever comes of it. */
export async function withFleet<Result>(
  invocation: Pick<Invocation, 'environment'>,
  config: EnvironmentConfig,
  options: FleetOptions,
  work: (fleet: Fleet) => Promise<Result>,
): Promise<Result> {
  const fleet = await openFleet(invocation, config, options);
  try {
    return await work(fleet);
  } finally {
    await fleet.close();
  }
}

/** Throws `configInvalid` for an environment without hosts, `notFound` for a name that none has. */
export function chosenHosts(
  config: EnvironmentConfig,
  names: readonly HostName[] | undefined,
): readonly HostConfig[] {
  if (config.hosts.length === 0) {
    throw new OmpayError('configInvalid', `the environment ${config.name} has no hosts`, {
      hint: 'describe them in ompay.yml (docs/ompay-yml.md), or make some: ompay lab up',
    });
  }
  if (names === undefined) return config.hosts;
  return [...new Set(names)].map((name) => hostNamed(config, name));
}

interface Surroundings {
  readonly config: EnvironmentConfig;
  readonly home: string;
  readonly agentSocket: string | undefined;
  readonly options: FleetOptions;
}

/** The jumps of ompay.yml make no circle: it is refused when the file is read. */
function targetOf(host: HostConfig, surroundings: Surroundings): SshTarget {
  const { name, address, port, user, keyPath, jump } = host;
  const { agentSocket, config, home } = surroundings;
  return {
    name,
    address,
    port,
    user,
    login: { keyPath: keyPath === null ? undefined : absolute(keyPath, home), agentSocket },
    hostKey: hostKeyPolicy(host, surroundings),
    sudo: user !== 'root',
    jump: jump === null ? undefined : targetOf(hostNamed(config, jump), surroundings),
  };
}

function hostKeyPolicy({ fingerprint }: HostConfig, { config, home, options }: Surroundings): HostKeyPolicy {
  if (fingerprint !== null) return { mode: 'pinned', fingerprints: [fingerprint] };
  const mayNote = options.isProvisioning === true && config.value(SETTINGS.hostKeys) === 'accept-new';
  const knownHostsPath = absolute(config.value(SETTINGS.knownHosts) ?? '~/.ssh/known_hosts', home);
  return { mode: mayNote ? 'accept-new' : 'strict', knownHostsPath };
}

function absolute(path: string, home: string): string {
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

function hostNamed(config: EnvironmentConfig, name: HostName): HostConfig {
  const host = config.hosts.find((each) => each.name === name);
  if (host !== undefined) return host;
  const names = config.hosts.map((each) => each.name);
  throw new OmpayError(
    'notFound',
    `${config.name} has no host ${JSON.stringify(name)}${didYouMean(name, names)}; it has ${names.join(', ')}`,
    { hint: `ompay config -e ${config.name} hosts` },
  );
}
