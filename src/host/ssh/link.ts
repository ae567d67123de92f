import { randomInt } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Gate } from '../gate.ts';
import { type Connection, connect } from './connect.ts';
import { type SshTarget, shownSshTarget } from './target.ts';

export interface LinkOptions {
  readonly clock: Clock;
  /** Bounds how many handshakes of a fleet go on at once: each takes a core on either side. */
  readonly handshakes: Gate;
  readonly connectMs: number;
  /** How often connecting is tried. */
  readonly attempts: number;
}

/** The one connection to a host, made anew when it was lost. */
export interface Link {
  /** Throws what `connect` throws; of several tries, the last one's. */
  connection(signal?: AbortSignal): Promise<Connection>;
  /** Gives up a connection that does not answer. */
  drop(connection: Connection): void;
  close(): void;
}

const FIRST_BACKOFF_MS = 200;
const WORTH_ANOTHER_TRY: readonly string[] = ['hostUnreachable', 'timeout'];

export function sshLink(target: SshTarget, options: LinkOptions): Link {
  const closing = new AbortController();
  let current: Connection | undefined;
  let pending: Promise<Connection> | undefined;

  async function make(): Promise<Connection> {
    current = await connectPatiently(target, options, closing.signal);
    return current;
  }
  return {
    connection: async (signal) => {
      closing.signal.throwIfAborted();
      if (current?.isOpen() === true) return current;
      pending ??= make().finally(() => {
        pending = undefined;
      });
      return unlessAborted(pending, signal);
    },
    drop: (connection) => connection.end(),
    close: () => {
      closing.abort(
        new OmpayError('hostUnreachable', `the connection to ${shownSshTarget(target)} was closed`, {
          hint: 'open the host anew',
        }),
      );
      current?.end();
    },
  };
}

/** A caller who is interrupted does not end the attempt, which others may be waiting for. */
async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function connectPatiently(
  target: SshTarget,
  options: LinkOptions,
  signal: AbortSignal,
): Promise<Connection> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await options.handshakes.pass(() => connectOnce(target, options.connectMs, signal), signal);
    } catch (error) {
      const isLast = attempt >= options.attempts;
      if (isLast || !(error instanceof OmpayError && WORTH_ANOTHER_TRY.includes(error.code))) throw error;
      await options.clock.sleep(backoffMs(attempt), signal);
    }
  }
}

/** 200 ms, 400 ms, … and up to as much again, so that a fleet does not come back all at once. */
export function backoffMs(attempt: number): number {
  const leastMs = FIRST_BACKOFF_MS * 2 ** (attempt - 1);
  return leastMs + randomInt(leastMs);
}

async function connectOnce(target: SshTarget, connectMs: number, signal: AbortSignal): Promise<Connection> {
  if (target.jump === undefined) return connect(target, { connectMs, signal });
  const jump = await connectOnce(target.jump, connectMs, signal);
  try {
    const through = await jump.tunnel(target.address, target.port);
    const connection = await connect(target, { connectMs, signal, through });
    void connection.closed.then(() => jump.end());
    return connection;
  } catch (error) {
    jump.end();
    throw error;
  }
}
