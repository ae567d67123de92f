import { randomBytes } from 'node:crypto';
import { OmpayError } from '../../core/errors.ts';
import type { Shell } from '../../shell/line.ts';
import type { FollowEnd, FollowOptions } from '../host.ts';
import { lineReader, saidTail } from '../lines.ts';
import { masked } from '../redact.ts';
import type { Channel } from './connect.ts';
import { assertBegun, endGroup, type Session, statusOf } from './exec.ts';
import { type Ending, type Header, headerReader } from './talk.ts';
import { wrapperCommand, wrapperInput } from './wrapper.ts';

/** A line whose end nobody sees any more does not run for ever. */
const MAX_FOLLOW_MS = 24 * 3600 * 1000;
const NO_INPUT = new Uint8Array();

/** `Host.follow` over one channel, which is kept from the others as long as it lasts. */
export async function followOver(session: Session, line: Shell, options: FollowOptions): Promise<FollowEnd> {
  return session.channels.pass(() => followOnce(session, line, options), options.signal);
}

async function followOnce(session: Session, line: Shell, options: FollowOptions): Promise<FollowEnd> {
  const { target, link } = session;
  const connection = await link.connection(options.signal);
  const wrapped = {
    line,
    input: NO_INPUT,
    token: `ompay-${randomBytes(12).toString('hex')}`,
    operationId: undefined,
    timeoutMs: MAX_FOLLOW_MS,
    sudo: target.sudo,
    isFollowed: true,
  };
  const channel = await connection.exec(wrapperCommand(wrapped));
  // Its input stays open: its end is what ends the line on the host.
  channel.write(wrapperInput(wrapped));
  const said = saidTail();
  channel.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const reading = readOf(channel, line, options, wrapped.token);
  const ending = await endingOf(channel, reading, options.signal);
  const header = reading.header();
  if (options.signal.aborted) {
    channel.end();
    await endGroup(session, connection, header?.group ?? 0);
    throw options.signal.reason;
  }
  if (ending.kind === 'lost') throw lost(session, line);
  const limits = { input: NO_INPUT, timeoutMs: MAX_FOLLOW_MS, maxBytes: 0, operationId: undefined };
  assertBegun(target, { line, options: limits, talked: { header, ending }, said: said.text() });
  return { ...statusOf(ending), stderr: masked(said.text(), line) };
}

interface Reading {
  readonly header: () => Header | undefined;
  /** Rejects with what `onLine` threw. */
  readonly done: Promise<void>;
}

function readOf(channel: Channel, line: Shell, options: FollowOptions, token: string): Reading {
  const header = headerReader(token);
  const reader = lineReader();
  const tell = async (lines: readonly string[]): Promise<void> => {
    for (const each of lines) if (!options.signal.aborted) await options.onLine(masked(each, line));
  };
  const read = async (): Promise<void> => {
    for await (const chunk of chunksOf(channel)) await tell(reader.push(header.read(Buffer.from(chunk))));
    await tell(reader.end());
  };
  return { header: header.header, done: read() };
}

/** Until it ends or is gone; which of the two is told by its exit status. */
async function* chunksOf(channel: Channel): AsyncGenerator<Uint8Array> {
  const chunks = channel.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await chunks.next().catch(() => ({ done: true, value: undefined }));
    if (next.done === true) return;
    if (next.value instanceof Uint8Array) yield next.value;
  }
}

/** How it ended; `stopped` when the signal was first. What was written before its end is read to the end. */
async function endingOf(channel: Channel, reading: Reading, signal: AbortSignal): Promise<Ending> {
  const ending = Promise.withResolvers<Ending>();
  const stop = (): void => ending.resolve({ kind: 'stopped', why: 'signal' });
  let status: Ending = { kind: 'lost' };
  channel.on('exit', (exitCode: number | null, signalName?: string) => {
    status =
      exitCode === null ? { kind: 'killed', signalName: `${signalName}` } : { kind: 'exited', exitCode };
  });
  channel.once('close', () => {
    reading.done.then(() => ending.resolve(status), ending.reject);
  });
  channel.on('error', () => ending.resolve({ kind: 'lost' }));
  reading.done.catch(ending.reject);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await ending.promise;
  } catch (error) {
    // Its reader failed: what runs there ends with its input.
    channel.end();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function lost({ target }: Session, line: Shell): OmpayError {
  return new OmpayError('hostUnreachable', `the connection to ${target.name} was lost in \`${line.shown}\``, {
    hint: `see whether it is up: ssh -p ${target.port} ${target.user}@${target.address}`,
  });
}
