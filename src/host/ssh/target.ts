import type { HostName } from '../host.ts';

/** A machine to be reached over SSH, as the configuration names it. */
export interface SshTarget {
  /** How people, plans and errors name it. */
  readonly name: HostName;
  /** Its DNS name or address. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly login: Login;
  readonly hostKey: HostKeyPolicy;
  /** Lines run as root, by `sudo -n`. */
  readonly sudo: boolean;
  /** Reached through this one (ProxyJump), which is verified like any other. */
  readonly jump?: SshTarget | undefined;
}

/** The key is tried first, then what the agent holds. */
export interface Login {
  /** A private key without a passphrase, readable by its owner alone. */
  readonly keyPath?: string | undefined;
  /** The socket of an ssh-agent. */
  readonly agentSocket?: string | undefined;
}

/**
 * How a host proves who it is. `strict`: a known_hosts file has its key. `accept-new`: the same, but the key of a host that
 * the file does not have is added to it, once (provisioning). `pinned`: its key has one of these fingerprints.
 */
export type HostKeyPolicy =
  | { readonly mode: 'strict' | 'accept-new'; readonly knownHostsPath: string }
  | {
      readonly mode: 'pinned';
      /** `SHA256:` and 43 characters of base64, as `ssh-keygen -l` prints it. */
      readonly fingerprints: readonly string[];
    };

/** How an address stands in known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): with the port, unless that is 22. */
export function knownHostsName({ address, port }: Pick<SshTarget, 'address' | 'port'>): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

/** `web1 (deploy@10.0.0.2:22)`, for errors. */
export function shownSshTarget({ name, user, address, port }: SshTarget): string {
  return `${name} (${user}@${address}:${port})`;
}
