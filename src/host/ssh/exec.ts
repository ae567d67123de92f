import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import type { Clock } from '../../core/clock.ts';
import { ulid } from '../../core/ids.ts';
import type { Shell } from '../../shell/line.ts';
import type { Gate } from '../gate.ts';
import type { Connection } from './connect.ts';
import * as errors from './exec-errors.ts';
import { backoffMs, type Link } from './link.ts';
import { type Ending, type Talk, type TalkOptions, talk } from './talk.ts';
import type { SshTarget } from './target.ts';
import { killCommand, NOT_BEGUN, type WrappedLine, wrapperCommand, wrapperInput } from './wrapper.ts';

/** What a line runs on. */
export interface Session {
  readonly target: SshTarget;
  readonly link: Link;
  readonly channels: Gate;
  readonly clock: Clock;
}

export interface RunOptions {
  readonly input: Uint8Array;
  readonly timeoutMs: number;
  readonly idleMs?: number | undefined;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Undefined for what may be repeated. */
  readonly operationId: string | undefined;
}

export interface Run {
  readonly exitCode: number | null;
  readonly signalName?: string;
  readonly out: Buffer;
  readonly error: Buffer;
}

/** How often a line is sent at most, when its connection is lost each time. */
const MAX_SENDS = 4;
const KILL_MS = 6000;

export function newOperationId(clock: Clock): string {
  return ulid(clock.now());
}

/** Runs a line, again after a lost connection: the wrapper sees to it that an operation is begun once. */
export async function run(session: Session, line: Shell, options: RunOptions): Promise<Run> {
  options.signal?.throwIfAborted();
  let connection = await session.link.connection(options.signal);
  const limit = AbortSignal.timeout(Math.max(1, Math.ceil(options.timeoutMs)));
  const stop = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  for (let sends = 1; sends <= MAX_SENDS; sends += 1) {
    const sent = await send(session, connection, { line, options, stop });
    if (sent !== undefined) return sent;
    connection = await again(session, { line, options, stop }, sends);
  }
  throw errors.unknownEnd(session.target, line, options, undefined);
}

interface Work {
  readonly line: Shell;
  readonly options: RunOptions;
  readonly stop: AbortSignal;
}

/** A new connection for what was lost in the middle. */
async function again(
  { target, link, clock }: Session,
  { line, options, stop }: Work,
  sends: number,
): Promise<Connection> {
  try {
    await clock.sleep(backoffMs(sends), stop);
    return await link.connection(stop);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw errors.unknownEnd(target, line, options, cause);
  }
}

/** One try. Undefined when the connection was lost before its end. */
async function send(
  session: Session,
  connection: Connection,
  { line, options, stop }: Work,
): Promise<Run | undefined> {
  const wrapped = {
    ...options,
    line,
    token: `ompay-${randomBytes(12).toString('hex')}`,
    sudo: session.target.sudo,
  };
  const out: Buffer[] = [];
  const error: Buffer[] = [];
  const talked = await session.channels
    .pass(
      () =>
        talkOn(connection, wrapped, {
          ...options,
          idleMs: options.idleMs,
          input: wrapperInput(wrapped),
          token: wrapped.token,
          clock: session.clock,
          stop,
          out: (chunk) => out.push(chunk),
          error: (chunk) => error.push(chunk),
        }),
      stop,
    )
    .catch((cause: unknown) => {
      // It was still in the queue for a channel: nothing was sent.
      options.signal?.throwIfAborted();
      throw stop.aborted ? errors.tooLong(session.target, line, options, true) : cause;
    });
  if (talked.ending.kind === 'stopped') throw await stopped(session, connection, { line, options, talked });
  if (talked.ending.kind === 'lost') return undefined;
  assertBegun(session.target, { line, options, talked, said: Buffer.concat(error).toString('utf8') });
  return { ...statusOf(talked.ending), out: Buffer.concat(out), error: Buffer.concat(error) };
}

/** A channel that could not be opened because the connection is gone is a loss, too. */
async function talkOn(connection: Connection, wrapped: WrappedLine, options: TalkOptions): Promise<Talk> {
  try {
    return await talk(await connection.exec(wrapperCommand(wrapped)), options);
  } catch (error) {
    if (connection.isOpen()) throw error;
    return { header: undefined, ending: { kind: 'lost' } };
  }
}

interface Attempt {
  readonly line: Shell;
  readonly options: RunOptions;
  readonly talked: Talk;
}

/** Ends what still runs on the host; returns what to throw. */
async function stopped(
  session: Session,
  connection: Connection,
  { line, options, talked }: Attempt,
): Promise<unknown> {
  const hasEnded = await endGroup(session, connection, talked.header?.group ?? 0);
  if (options.signal?.aborted === true) return options.signal.reason;
  const why = talked.ending.kind === 'stopped' ? talked.ending.why : 'signal';
  if (why === 'output') return errors.tooMuch(session.target, line, options);
  if (why === 'idle') return errors.tooQuiet(session.target, line, options, hasEnded);
  return errors.tooLong(session.target, line, options, hasEnded);
}

/** By a second channel; by a second connection, when the first one does not answer. */
export async function endGroup(session: Session, connection: Connection, group: number): Promise<boolean> {
  if (group > 0 && (await killOn(connection, group, session.target.sudo))) return true;
  session.link.drop(connection);
  if (group === 0) return false;
  try {
    return await killOn(await session.link.connection(), group, session.target.sudo);
  } catch {
    // The host ends the line by itself soon.
    return false;
  }
}

async function killOn(connection: Connection, group: number, sudo: boolean): Promise<boolean> {
  const limit = AbortSignal.timeout(KILL_MS);
  const late = new Promise<false>((resolve) => {
    limit.addEventListener('abort', () => resolve(false), { once: true });
  });
  return Promise.race([killed(connection, killCommand(group, sudo)).catch(() => false), late]);
}

async function killed(connection: Connection, command: string): Promise<boolean> {
  const channel = await connection.exec(command);
  return new Promise((resolve) => {
    channel.on('exit', (exitCode: number | null) => resolve(exitCode === 0));
    channel.on('close', () => resolve(false));
    channel.on('error', () => resolve(false));
    channel.resume();
    channel.stderr.resume();
    channel.end();
  });
}

/** The wrapper speaks first; when it did not, or says that it is not to be relied on, there is no result. */
export function assertBegun(
  target: SshTarget,
  { line, options, talked, said }: Attempt & { said: string },
): void {
  const { header, ending } = talked;
  if (header?.how === 'lost') throw errors.brokenOff(target, line, options);
  if (header !== undefined) return;
  const why = ending.kind === 'exited' ? NOT_BEGUN[ending.exitCode] : undefined;
  if (why !== undefined) throw errors.notBegun(target, line, `${why}: ${said.trim()}`);
  throw target.sudo ? errors.noSudo(target, said) : errors.noShell(target, said);
}

/** A shell tells the signal of its child as 128 more than its number (POSIX 2.8.2). */
export function statusOf(ending: Ending): Pick<Run, 'exitCode' | 'signalName'> {
  if (ending.kind === 'killed')
    return { exitCode: null, signalName: `SIG${ending.signalName.replace(/^SIG/, '')}` };
  if (ending.kind !== 'exited') return { exitCode: null };
  const name = Object.entries(constants.signals).find(([, number]) => number + 128 === ending.exitCode)?.[0];
  return name === undefined ? { exitCode: ending.exitCode } : { exitCode: null, signalName: name };
}
