import type { Duplex } from 'node:stream';
import ssh2, {
  type Client,
  type ClientChannel,
  type ConnectConfig,
  type SFTPWrapper,
  type Stats,
} from 'ssh2';
import { messageOf, OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { HttpTarget } from '../host.ts';
import { type HostKeyCheck, hostKeyCheck, noKnownKeyType } from './host-key.ts';
import { readKey, unreadableKey } from './login.ts';
import { type SshTarget, shownSshTarget } from './target.ts';

export type Channel = ClientChannel;
export type SftpChannel = SFTPWrapper;
export type FileAttributes = Stats;

/** One authenticated connection. A channel that it cannot open, or that it loses, throws `hostUnreachable`. */
export interface Connection {
  isOpen(): boolean;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  exec(command: string): Promise<Channel>;
  /** A stream to a unix socket of the host, or to a port of its loopback. */
  forward(target: HttpTarget): Promise<Duplex>;
  /** A stream to another machine, as the host reaches it. */
  tunnel(address: string, port: number): Promise<Duplex>;
  /** The host's files by SFTP (draft-ietf-secsh-filexfer-02). */
  sftp(): Promise<SftpChannel>;
  end(): void;
}

export interface ConnectOptions {
  /** For the whole of it: TCP, handshake, login. */
  readonly connectMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Instead of a TCP connection: a stream through a jump host. */
  readonly through?: Duplex | undefined;
}

/** A connection that says nothing for three of these is lost. */
const KEEPALIVE_MS = 5000;

/**
 * Connects once. Throws `hostNotTrusted`, `accessDenied`, `configInvalid`; `timeout` and `hostUnreachable`, which alone are
 * worth another try.
 */
export async function connect(target: SshTarget, options: ConnectOptions): Promise<Connection> {
  const key = readKey(target);
  const check = hostKeyCheck(target);
  const config = configOf(target, check, key?.reveal());
  options.signal?.throwIfAborted();
  const client = new ssh2.Client();
  const limit = AbortSignal.timeout(options.connectMs);
  const stop = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  try {
    await ready(
      client,
      { ...config, ...(options.through === undefined ? {} : { sock: options.through }) },
      stop,
    );
  } catch (error) {
    client.destroy();
    options.through?.destroy();
    if (options.signal?.aborted === true) throw options.signal.reason;
    throw check.refusal() ?? failure(target, check, limit.aborted ? options.connectMs : undefined, error);
  }
  check.keep();
  return connectionOf(client, target);
}

function configOf(target: SshTarget, check: HostKeyCheck, key: string | undefined): ConnectConfig {
  if (key !== undefined && ssh2.utils.parseKey(key) instanceof Error)
    throw unreadableKey(target, ssh2.utils.parseKey(key));
  const { agentSocket } = target.login;
  return {
    host: target.address,
    port: target.port,
    username: target.user,
    readyTimeout: 0,
    keepaliveInterval: KEEPALIVE_MS,
    hostVerifier: (shown: Buffer) => check.accept(shown),
    algorithms: { serverHostKey: serverHostKeys(check) },
    ...(key === undefined ? {} : { privateKey: key }),
    ...(agentSocket === undefined ? {} : { agent: agentSocket }),
  };
}

type HostKeyAlgorithms = Extract<
  NonNullable<NonNullable<ConnectConfig['algorithms']>['serverHostKey']>,
  readonly unknown[]
>;
type HostKeyAlgorithm = HostKeyAlgorithms[number];
const ORDER: HostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

function serverHostKeys(check: HostKeyCheck): HostKeyAlgorithm[] {
  return ORDER.filter((algorithm) => check.algorithms.includes(algorithm));
}

function ready(client: Client, config: ConnectConfig, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason), { once: true });
    client.once('ready', () => resolve());
    client.on('error', reject);
    client.once('close', () => reject(new Error('the connection was closed')));
    client.connect(config);
    // Else a second small packet waits until the first is acknowledged: 40 ms of Linux's delayed ACK, several times a step.
    client.setNoDelay(true);
  });
}

function failure(
  target: SshTarget,
  check: HostKeyCheck,
  limitMs: number | undefined,
  cause: unknown,
): OmpayError {
  const where = shownSshTarget(target);
  const level = levelOf(cause);
  if (limitMs !== undefined) {
    return new OmpayError('timeout', `${where} gave no SSH session within ${limitMs} ms`, {
      hint: `see whether it is up and port ${target.port} is open: ssh -v -p ${target.port} ${target.user}@${target.address}`,
      cause,
    });
  }
  if (level === 'client-authentication' || level === 'agent') {
    return new OmpayError(
      'accessDenied',
      `${where} lets ${target.user} not log in with ${shownLogin(target)}`,
      {
        hint: `see why: ssh -v -p ${target.port} ${target.user}@${target.address}; the public key belongs into its ~/.ssh/authorized_keys`,
        cause,
      },
    );
  }
  if (level === 'handshake') return noKnownKeyType(target, check.algorithms, cause);
  return new OmpayError(
    'hostUnreachable',
    `${where} cannot be reached: ${systemCodeOf(cause) ?? messageOf(cause)}`,
    {
      hint: `see whether it is up and port ${target.port} is open: ssh -v -p ${target.port} ${target.user}@${target.address}`,
      cause,
    },
  );
}

function levelOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'level' in cause ? cause.level : undefined;
}

function shownLogin({ login }: SshTarget): string {
  return [
    ...(login.keyPath === undefined ? [] : [login.keyPath]),
    ...(login.agentSocket === undefined ? [] : ['the agent']),
  ].join(' or ');
}

function connectionOf(client: Client, target: SshTarget): Connection {
  let isOpen = true;
  const end = (): void => {
    isOpen = false;
    client.destroy();
  };
  // Its sending side may be gone a while before it is closed; nothing can be asked of it from then on.
  client.once('end', end);
  // After the login an error is followed by `close`, which says all that matters.
  client.on('error', end);
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => {
      isOpen = false;
      resolve();
    });
  });
  return {
    isOpen: () => isOpen,
    closed,
    exec: (command) => opened(target, closed, (done) => client.exec(command, done)),
    forward: (to) =>
      opened(target, closed, (done) => {
        if ('port' in to) client.forwardOut('127.0.0.1', 0, '127.0.0.1', to.port, done);
        else client.openssh_forwardOutStreamLocal(to.socketPath, done);
      }),
    tunnel: (address, port) =>
      opened(target, closed, (done) => client.forwardOut('127.0.0.1', 0, address, port, done)),
    sftp: () => opened<SftpChannel>(target, closed, (done) => client.sftp(done)),
    end,
  };
}

/** A channel, or why there is none. A connection that is lost meanwhile is not waited for. */
async function opened<Opened = Channel>(
  target: SshTarget,
  closed: Promise<void>,
  open: (done: (error: Error | undefined, channel: Opened) => void) => void,
): Promise<Opened> {
  try {
    return await new Promise<Opened>((resolve, reject) => {
      void closed.then(() => reject(new Error('the connection was lost')));
      open((error, channel) => (error === undefined ? resolve(channel) : reject(error)));
    });
  } catch (error) {
    throw new OmpayError(
      'hostUnreachable',
      `${shownSshTarget(target)} opens no channel: ${messageOf(error)}`,
      {
        hint: `see its log: journalctl -u ssh on ${target.name}`,
        cause: error,
      },
    );
  }
}
