import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { Shell } from '../shell/line.ts';
import {
  type ExecOptions,
  type ExecResult,
  type FollowEnd,
  type FollowOptions,
  type Host,
  MAX_FILE_BYTES,
  MAX_OUTPUT_BYTES,
} from './host.ts';
import { requestHere } from './http.ts';
import { lineReader, saidTail } from './lines.ts';
import { masked } from './redact.ts';
import { silence } from './silence.ts';

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 2000;
const GRACE_STEP_MS = 20;

/** This machine. */
export function localHost(): Host {
  return {
    name: 'local',
    exec: execHere,
    follow: followHere,
    put: async (content, path, mode) => writeFileAtomic(path, content, mode),
    get: getHere,
    request: requestHere,
    close: async () => {},
  };
}

async function execHere(line: Shell, options: ExecOptions): Promise<ExecResult> {
  if (line.hasSecret && options.stdin !== undefined) {
    throw new TypeError('a line with a secret travels over stdin, so it cannot have a stdin of its own');
  }
  const execa = await theExeca();
  options.signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const quiet = new AbortController();
  const stop = AbortSignal.any([
    timeout,
    quiet.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const child = startShell(execa, line, options.stdin ?? '');
  const watching = watchSilence(child, options.idleMs, quiet);
  const result = await unlessStopped(child, stop).finally(() => watching.abort());
  if (options.signal?.aborted === true) throw options.signal.reason;
  if (quiet.signal.aborted) throw silenceError(line, options.idleMs ?? 0);
  if (result === undefined || stop.aborted) throw timeoutError(line, options.timeoutMs);
  if (result.isMaxBuffer) throw outputError(line);
  const signal = result.signal === undefined ? {} : { signalName: result.signal };
  const { stdout, stderr } = result;
  return {
    exitCode: result.exitCode ?? null,
    ...signal,
    stdout: masked(stdout, line),
    stderr: masked(stderr, line),
  };
}

async function followHere(line: Shell, options: FollowOptions): Promise<FollowEnd> {
  const execa = await theExeca();
  options.signal.throwIfAborted();
  const child = startFollowed(execa, line);
  const reader = lineReader();
  const said = saidTail();
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const reading = async (): Promise<void> => {
    for await (const chunk of child.stdout) {
      const lines = reader.push(Buffer.from(chunk));
      for (const each of lines) if (!options.signal.aborted) await options.onLine(masked(each, line));
    }
    for (const each of reader.end()) if (!options.signal.aborted) await options.onLine(masked(each, line));
  };
  const read = reading().catch(async (error: unknown) => {
    await endGroup(child);
    // An end that was asked for closes the stream under its reader.
    if (!options.signal.aborted) throw error;
  });
  const result = await unlessStopped(child, options.signal);
  if (options.signal.aborted || result === undefined) throw options.signal.reason;
  await read;
  const signal = result.signal === undefined ? {} : { signalName: result.signal };
  return { exitCode: result.exitCode ?? null, ...signal, stderr: masked(said.text(), line) };
}

/** Aborts `quiet` once the child wrote nothing for the idle limit; what is returned ends the watch. */
function watchSilence(child: Child, idleMs: number | undefined, quiet: AbortController): AbortController {
  const watching = new AbortController();
  if (idleMs === undefined) return watching;
  let heardMs = systemClock.monotonicMs();
  const heard = (): void => {
    heardMs = systemClock.monotonicMs();
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  void silence({ idleMs, clock: systemClock, heardMs: () => heardMs }, watching.signal).then((isSilent) => {
    if (isSilent) quiet.abort();
  });
  return watching;
}

async function getHere(path: string): Promise<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    if (systemCodeOf(cause) !== 'ENOENT') throw cause;
    throw new OmpayError('notFound', `${path} does not exist`, { hint: `ls -l ${dirname(path)}`, cause });
  });
  try {
    if ((await file.stat()).size <= MAX_FILE_BYTES) return await file.readFile();
  } finally {
    await file.close();
  }
  throw new OmpayError('commandFailed', `${path} is larger than ${MAX_FILE_BYTES} bytes`, {
    hint: `ls -l ${path}`,
  });
}

/** A hundred modules: read when this machine is to run something, which many commands for other hosts never need. */
async function theExeca() {
  return (await import('execa')).execa;
}

type Execa = Awaited<ReturnType<typeof theExeca>>;
type Child = ReturnType<typeof startShell> | ReturnType<typeof startFollowed>;

/** In a process group of its own, so that what the shell started ends with it. */
function startShell(execa: Execa, line: Shell, stdin: string) {
  return execa('/bin/sh', line.hasSecret ? ['-s'] : ['-c', line.text], {
    input: line.hasSecret ? line.text : stdin,
    detached: true,
    maxBuffer: MAX_OUTPUT_BYTES,
    reject: false,
  });
}

/** The same, with an output that is read while it runs and kept nowhere. */
function startFollowed(execa: Execa, line: Shell) {
  return execa('/bin/sh', line.hasSecret ? ['-s'] : ['-c', line.text], {
    input: line.hasSecret ? line.text : '',
    detached: true,
    buffer: false,
    reject: false,
  });
}

/** The child's result, or undefined when the signal was aborted first and the child was ended. */
async function unlessStopped<Running extends Child>(child: Running, signal: AbortSignal) {
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => {
    endGroup(child).then(stopped.resolve, stopped.reject);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([child, stopped.promise]);
  } finally {
    // Once it has ended, its number may be given to another process.
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Ends the shell and all that it started: SIGTERM, then SIGKILL. Does not wait for the output to close: a program that
 * left the group could keep it open for ever.
 */
async function endGroup(child: Child): Promise<undefined> {
  const settled = child.then(() => true);
  let hasEnded = false;
  signalGroup(child, 'SIGTERM');
  for (let waitedMs = 0; !hasEnded && waitedMs < GRACE_MS; waitedMs += GRACE_STEP_MS) {
    hasEnded = await Promise.race([settled, systemClock.sleep(GRACE_STEP_MS).then(() => false)]);
  }
  signalGroup(child, 'SIGKILL');
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

function signalGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody is left in the group.
  }
}

function timeoutError(line: Shell, timeoutMs: number): OmpayError {
  return new OmpayError('timeout', `\`${line.shown}\` was still running after ${timeoutMs} ms`, {
    hint: 'run it by hand to see where it hangs',
  });
}

function silenceError(line: Shell, idleMs: number): OmpayError {
  return new OmpayError('timeout', `\`${line.shown}\` wrote nothing for ${idleMs} ms`, {
    hint: 'run it by hand to see where it hangs',
  });
}

function outputError(line: Shell): OmpayError {
  return new OmpayError('commandFailed', `\`${line.shown}\` wrote more than ${MAX_OUTPUT_BYTES} bytes`, {
    hint: 'send its output to a file',
  });
}
