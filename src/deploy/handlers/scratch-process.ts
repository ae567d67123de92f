import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Host } from '../../host/host.ts';
import type { EnvironmentVariables } from '../environment.ts';

/** A program of a release, run beside the installation on scratch data. */
export interface ScratchProgram {
  readonly nodePath: string;
  /** The release's folder. */
  readonly folder: string;
  /** Its bundle in that folder, then its arguments. */
  readonly args: readonly string[];
  /** All of it: nothing is taken from this process but where programs are. */
  readonly environment: EnvironmentVariables;
}

const MAX_OUTPUT_CHARACTERS = 64 * 1024;
const START_TIMEOUT_MS = 15_000;
const POLL_MS = 25;
const HEALTH_TIMEOUT_MS = 2000;

/** Its standard input closes when the process that started it ends, however that ends: nothing is left of a killed run. */
const END_WITH_STDIN =
  'data:text/javascript,process.stdin.once("end",()=>process.kill(process.pid,"SIGKILL")).resume().unref()';

interface Running {
  readonly child: ChildProcess;
  /** Resolves when it has ended, with its exit code; null after a signal. */
  readonly ended: Promise<number | null>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

function start({ nodePath, folder, args, environment }: ScratchProgram): Running {
  const words = ['--disable-warning=ExperimentalWarning', '--import', END_WITH_STDIN, ...args];
  const env = { PATH: '/usr/bin:/bin', ...environment };
  const child = spawn(nodePath, words, { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(
    () => child.exitCode,
    () => null,
  );
  return { child, ended, stdout: collected(child.stdout), stderr: collected(child.stderr) };
}

/** The end of what a stream gave. */
function collected(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-MAX_OUTPUT_CHARACTERS);
  });
  return () => text;
}

async function end({ child, ended }: Running): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

/** Runs the program to its end; its exit code and its stdout. It is killed when the signal is aborted. */
export async function runToEnd(
  program: ScratchProgram,
  signal: AbortSignal,
): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  signal.throwIfAborted();
  const running = start(program);
  const kill = (): void => void running.child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const exitCode = await running.ended;
    signal.throwIfAborted();
    return { exitCode, stdout: running.stdout(), stderr: running.stderr() };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

export interface ScratchServer {
  stop(): Promise<void>;
}

/** Starts an API and waits until it is healthy. Throws `checkBlocked` with its last words when it does not become so. */
export async function serve(
  program: ScratchProgram,
  place: {
    readonly host: Host;
    readonly socketPath: string;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<ScratchServer> {
  place.signal.throwIfAborted();
  const running = start(program);
  try {
    await healthy(running, place);
    return { stop: () => end(running) };
  } catch (error) {
    await end(running);
    throw error;
  }
}

async function healthy(
  { child, stderr }: Running,
  { host, socketPath, clock, signal }: Parameters<typeof serve>[1],
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + START_TIMEOUT_MS;
  const request = {
    method: 'GET',
    target: { socketPath },
    path: '/health',
    timeoutMs: HEALTH_TIMEOUT_MS,
  } as const;
  for (;;) {
    const answer = await host.request({ ...request, signal }).catch(() => undefined);
    if (answer?.statusCode === 200) return;
    signal.throwIfAborted();
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || clock.monotonicMs() > deadlineMs) {
      throw notHealthy(hasEnded ? 'it ended' : `not healthy within ${START_TIMEOUT_MS / 1000} s`, stderr());
    }
    await clock.sleep(POLL_MS, signal);
  }
}

function notHealthy(how: string, stderr: string): OmpayError {
  const said = lastWords(stderr);
  return new OmpayError('checkBlocked', `${how}${said === '' ? '' : `: ${said}`}`, {
    hint: 'see what it does at its start',
  });
}

const STACK = /^\s*(at |\^|Node\.js v|$)/;

/** The last two lines of an error output that say something: no stack, no version. */
export function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => !STACK.test(line));
  return lines.slice(-2).join(' ').slice(-500);
}
