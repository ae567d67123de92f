import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { systemClock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { Shell } from '../shell/line.ts';
import type { ExecOptions, ExecResult, Host } from './host.ts';
import { requestHere } from './http.ts';

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
/** From SIGTERM to SIGKILL. */
const GRACE_MS = 2000;
const GRACE_STEP_MS = 20;

/** This machine. */
export function localHost(): Host {
  return {
    name: 'local',
    exec: execHere,
    put: async (content, path, mode) => writeFileAtomic(path, content, mode),
    get: async (path) => readFile(path),
    request: requestHere,
    close: async () => {},
  };
}

async function execHere(line: Shell, options: ExecOptions): Promise<ExecResult> {
  if (line.hasSecret && options.stdin !== undefined) {
    throw new TypeError('a line with a secret travels over stdin, so it cannot have a stdin of its own');
  }
  options.signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const stop = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  const child = startShell(line, options.stdin ?? '');
  const result = await unlessStopped(child, stop);
  if (options.signal?.aborted === true) throw options.signal.reason;
  if (result === undefined || stop.aborted) throw timeoutError(line, options.timeoutMs);
  if (result.isMaxBuffer) throw outputError(line);
  return { exitCode: result.exitCode ?? null, stdout: result.stdout, stderr: result.stderr };
}

type Child = ReturnType<typeof startShell>;

/** In a process group of its own, so that what the shell started ends with it. */
function startShell(line: Shell, stdin: string) {
  return execa('/bin/sh', line.hasSecret ? ['-s'] : ['-c', line.text], {
    input: line.hasSecret ? line.text : stdin,
    detached: true,
    maxBuffer: MAX_OUTPUT_BYTES,
    reject: false,
  });
}

/** The child's result, or undefined when the signal was aborted first and the child was ended. */
async function unlessStopped(child: Child, signal: AbortSignal) {
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

function outputError(line: Shell): OmpayError {
  return new OmpayError('commandFailed', `\`${line.shown}\` wrote more than ${MAX_OUTPUT_BYTES} bytes`, {
    hint: 'send its output to a file',
  });
}
