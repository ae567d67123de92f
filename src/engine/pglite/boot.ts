import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { livingOwner } from '../../core/ownership.ts';
import { isAlive, type ProcessIdentity } from '../../core/process.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import { ownerFileOf } from '../data-folder.ts';
import type { BootedDatabase, BootRequest } from '../engine.ts';
import { connect, type PgSession } from './session.ts';

/** What PostgreSQL's clients expect a socket's name to be. */
const SOCKET_NAME = '.s.PGSQL.5432';
const END_WITH_STDIN = '--end-with-stdin';
const POLL_MS = 15;
const QUERY_TIMEOUT_MS = 60_000;
const CLEAN_STOP_TIMEOUT_MS = 15_000;
/** What the kernel may take to end a process that SIGKILL was sent to. */
const REAP_TIMEOUT_MS = 5000;
const MAX_STDERR_CHARS = 4000;

export interface BootSettings {
  /** Program and first arguments of the database host; `--data DIR --socket PATH` are added. */
  readonly hostCommand: readonly [string, ...string[]];
  readonly clock: Clock;
}

/** Starts a database host of its own on the folder, on a socket that nobody else knows. */
export async function bootPglite(
  settings: BootSettings,
  folder: string,
  request: BootRequest,
): Promise<BootedDatabase> {
  // A socket's path is short (107 bytes), the folder's may not be.
  const socketFolder = temporaryFolder('boot');
  await writeFile(socketNoteOf(folder), socketFolder, { mode: 0o600 });
  const host = startHost(settings, folder, join(socketFolder, SOCKET_NAME));
  const stop = async (how: 'clean' | 'kill'): Promise<void> => {
    try {
      await stopHost(host, how, settings.clock);
    } finally {
      await rm(socketFolder, { recursive: true, force: true });
      await rm(socketNoteOf(folder), { force: true });
    }
  };
  try {
    const session = await waitUntilServing(host, socketFolder, request, settings.clock);
    const [serverVersion = ''] = await session.values("select split_part(version(), ' on ', 1)");
    return {
      serverVersion,
      socketPath: join(socketFolder, SOCKET_NAME),
      rows: session.rows,
      stop: async (how) => {
        await session.close();
        await stop(how);
      },
    };
  } catch (error) {
    await stop('kill');
    throw error;
  }
}

interface HostProcess {
  readonly child: ChildProcess;
  /** The last words on its standard error. */
  readonly stderr: () => string;
  /** Why it could not be started, or undefined. */
  readonly failure: () => Error | undefined;
}

function startHost(settings: BootSettings, folder: string, socketPath: string): HostProcess {
  const [program, ...firstArguments] = settings.hostCommand;
  // Its standard input closes when this process ends, however it does: no copy's host outlives a killed proof.
  const child = spawn(
    program,
    [...firstArguments, '--data', folder, '--socket', socketPath, END_WITH_STDIN],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  child.stdin.on('error', () => {});
  let stderr = '';
  let failure: Error | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  child.on('error', (error) => {
    failure = error;
  });
  return { child, stderr: () => stderr, failure: () => failure };
}

async function waitUntilServing(
  host: HostProcess,
  socketFolder: string,
  request: BootRequest,
  clock: Clock,
): Promise<PgSession> {
  const deadlineMs = clock.monotonicMs() + request.timeoutMs;
  for (;;) {
    assertRunning(host);
    const leftMs = Math.trunc(deadlineMs - clock.monotonicMs());
    if (leftMs <= 0) throw didNotStart(`it did not answer within ${request.timeoutMs} ms`, host);
    const session = await connect(socketFolder, { connectMs: leftMs, queryMs: QUERY_TIMEOUT_MS });
    if (session !== undefined) return session;
    await clock.sleep(POLL_MS, request.signal);
  }
}

function assertRunning(host: HostProcess): void {
  const failure = host.failure();
  if (failure !== undefined) {
    throw new OmpayError('internal', `the database host cannot be started: ${failure.message}`, {
      hint: 'check the installation: ompay doctor',
      cause: failure,
    });
  }
  const { exitCode, signalCode } = host.child;
  if (exitCode === null && signalCode === null) return;
  throw didNotStart(`its host ended (${exitCode === null ? signalCode : `exit code ${exitCode}`})`, host);
}

function didNotStart(why: string, host: HostProcess): OmpayError {
  return new OmpayError('backupDamaged', `the copy does not start as a database: ${why}; ${lastLine(host)}`, {
    hint: 'restore from another copy, or choose another backup: ompay backup list',
    cause: host.stderr(),
  });
}

function lastLine(host: HostProcess): string {
  return host.stderr().trimEnd().split('\n').at(-1) ?? '';
}

async function stopHost({ child }: HostProcess, how: 'clean' | 'kill', clock: Clock): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(how === 'clean' ? 'SIGTERM' : 'SIGKILL');
  const timer = new AbortController();
  const tooLate = clock.sleep(CLEAN_STOP_TIMEOUT_MS, timer.signal).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  timer.abort();
  await tooLate;
  if (how === 'clean' && child.exitCode !== 0) {
    throw new OmpayError(
      'backupDamaged',
      `the database did not stop cleanly (${child.signalCode ?? child.exitCode})`,
      {
        hint: 'restore again, or choose another backup: ompay backup list',
      },
    );
  }
}

/** Ends a host that is still there after the process that booted it (its owner file says who it is, start time included). */
export async function reapPglite(folder: string): Promise<void> {
  const ownerFile = ownerFileOf(folder);
  const owner = livingOwner(ownerFile);
  if (owner !== undefined && owner.pid !== process.pid) await killHost(owner);
  const socketFolder = await readFile(socketNoteOf(folder), 'utf8').catch(() => '');
  // That run may have had another temporary folder.
  if (basename(socketFolder).startsWith('ompay-boot.')) {
    await rm(socketFolder, { recursive: true, force: true });
  }
  for (const path of [ownerFile, `${ownerFile}.mutex`, socketNoteOf(folder)]) await rm(path, { force: true });
}

/** Waits until it is gone: until then it may write into the folder that is removed next. */
async function killHost(host: ProcessIdentity): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + REAP_TIMEOUT_MS;
  do {
    try {
      process.kill(host.pid, 'SIGKILL');
    } catch (error) {
      if (systemCodeOf(error) !== 'ESRCH') throw error;
    }
    await systemClock.sleep(POLL_MS);
  } while (isAlive(host) && systemClock.monotonicMs() < deadlineMs);
}

/** Says beside the data folder where its socket is, so that `reap` finds what a killed run left there. */
function socketNoteOf(folder: string): string {
  return `${folder}.socket-folder`;
}
