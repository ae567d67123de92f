import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { parseIdentity } from '../../core/ownership.ts';
import { isAlive, type ProcessIdentity, startTimeOf } from '../../core/process.ts';
import { Secret } from '../../core/secret.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import { type MysqlSession, openSession } from './session.ts';

const SOCKET_NAME = 'mysql.sock';
const LOG_NAME = 'error.log';
const POLL_MS = 20;
const CONNECT_TIMEOUT_MS = 5000;
/** Its buffers are written first. */
const CLEAN_STOP_TIMEOUT_MS = 60_000;
const REAP_TIMEOUT_MS = 5000;
const MAX_LOG_CHARS = 2000;

/**
 * For every server of ours: nobody but this user's processes reaches it, it writes no log for others, and asks nobody who
 * he is (the source's users and passwords are in the copy). Small: it serves one connection.
 */
const ALWAYS = [
  '--skip-networking',
  '--skip-grant-tables',
  '--mysqlx=OFF',
  '--performance-schema=OFF',
  '--event-scheduler=DISABLED',
  '--gtid-mode=ON',
  '--enforce-gtid-consistency=ON',
  '--skip-replica-start',
  '--innodb-buffer-pool-load-at-startup=OFF',
  '--innodb-buffer-pool-dump-at-shutdown=OFF',
  '--max-connections=8',
] as const;

export interface ScratchSettings {
  /** mysqld and its first arguments, `--no-defaults` among them; the data folder and the rest are added. */
  readonly serverCommand: readonly [string, ...string[]];
  readonly clock: Clock;
}

export interface ScratchRequest {
  readonly timeoutMs: number;
  readonly queryMs: number;
  readonly signal?: AbortSignal;
  /** Of mysqld; the last of a name counts. */
  readonly args?: readonly string[];
  readonly database?: string;
}

/** A server of ours on a folder, and the one session to it. */
export interface ScratchServer {
  readonly session: MysqlSession;
  readonly socketPath: string;
  /** `clean` makes the folder fit for the next start. */
  stop(how: 'clean' | 'kill'): Promise<void>;
}

interface Running {
  readonly child: ChildProcess;
  readonly failure: () => Error | undefined;
  readonly log: () => string;
}

/** Throws `backupDamaged` when the folder does not start as a database within the time. */
export async function startScratch(
  settings: ScratchSettings,
  folder: string,
  request: ScratchRequest,
): Promise<ScratchServer> {
  await reapScratch(folder);
  // A socket's path is short (107 bytes), the folder's may not be.
  const socketFolder = temporaryFolder('mysql');
  const socketPath = join(socketFolder, SOCKET_NAME);
  const logPath = join(socketFolder, LOG_NAME);
  const running = await launch(settings, folder, { socketFolder, socketPath, logPath }, request.args ?? []);
  const end = async (how: 'clean' | 'kill'): Promise<void> => {
    try {
      await endServer(running, how, settings.clock);
    } finally {
      await rm(socketFolder, { recursive: true, force: true });
      await rm(noteOf(folder), { force: true });
    }
  };
  try {
    const session = await sessionWhenServing(running, socketPath, request, settings.clock);
    const stop = (how: 'clean' | 'kill'): Promise<void> => {
      session.close();
      return end(how);
    };
    return { session, socketPath, stop };
  } catch (error) {
    await end('kill');
    throw error;
  }
}

interface Places {
  readonly socketFolder: string;
  readonly socketPath: string;
  readonly logPath: string;
}

async function launch(
  { serverCommand }: ScratchSettings,
  folder: string,
  { socketFolder, socketPath, logPath }: Places,
  args: readonly string[],
): Promise<Running> {
  const [program, ...first] = serverCommand;
  const own = [
    `--datadir=${folder}`,
    `--tmpdir=${socketFolder}`,
    `--socket=${socketPath}`,
    `--pid-file=${join(socketFolder, 'pid')}`,
    `--log-error=${logPath}`,
  ];
  const child = spawn(program, [...first, ...ALWAYS, ...own, ...args], { stdio: 'ignore' });
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  const { pid } = child;
  const identity = pid === undefined ? {} : { pid, startTime: startTimeOf(pid) ?? '' };
  await writeFile(noteOf(folder), JSON.stringify({ ...identity, socketFolder }), { mode: 0o600 });
  return { child, failure: () => failure, log: () => logOf(logPath) };
}

function logOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-MAX_LOG_CHARS);
  } catch {
    return '';
  }
}

async function sessionWhenServing(
  running: Running,
  socketPath: string,
  request: ScratchRequest,
  clock: Clock,
): Promise<MysqlSession> {
  const deadlineMs = clock.monotonicMs() + request.timeoutMs;
  const access = { place: { socketPath }, username: 'root', password: new Secret('') };
  for (;;) {
    assertRunning(running);
    const leftMs = Math.trunc(deadlineMs - clock.monotonicMs());
    if (leftMs <= 0) throw didNotStart(`it did not answer within ${request.timeoutMs} ms`, running);
    try {
      const limits = { connectMs: Math.min(CONNECT_TIMEOUT_MS, leftMs), queryMs: request.queryMs };
      return await openSession(access, limits, request.database);
    } catch (error) {
      if (!(error instanceof OmpayError && isNotYetThere(error.cause))) throw error;
    }
    await clock.sleep(POLL_MS, request.signal);
  }
}

function isNotYetThere(cause: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ETIMEDOUT', 'PROTOCOL_CONNECTION_LOST'].includes(
    systemCodeOf(cause) ?? '',
  );
}

function assertRunning({ child, failure, log }: Running): void {
  const cause = failure();
  if (cause !== undefined) {
    throw new OmpayError('stateUnusable', `mysqld cannot be started: ${cause.message}`, {
      hint: 'install the server of the same version as the source: apt-get install mysql-server-core',
      cause,
    });
  }
  const { exitCode, signalCode } = child;
  if (exitCode === null && signalCode === null) return;
  throw didNotStart(`mysqld ended (${signalCode ?? `exit code ${exitCode}`})`, { log });
}

function didNotStart(why: string, { log }: Pick<Running, 'log'>): OmpayError {
  const lastError =
    log()
      .trimEnd()
      .split('\n')
      .findLast((line) => line.includes('[ERROR]')) ?? '';
  return new OmpayError('backupDamaged', `the copy does not start as a database: ${why}; ${lastError}`, {
    hint: 'restore from another copy, or choose another backup: ompay backup list',
    cause: log(),
  });
}

async function endServer({ child }: Running, how: 'clean' | 'kill', clock: Clock): Promise<void> {
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
  if (how === 'kill' || child.exitCode === 0) return;
  throw new OmpayError(
    'backupDamaged',
    `mysqld did not stop cleanly (${child.signalCode ?? child.exitCode})`,
    {
      hint: 'restore again, or choose another backup: ompay backup list',
    },
  );
}

/** Beside the data folder, so that `reapScratch` finds what a killed run left. */
function noteOf(folder: string): string {
  return join(dirname(folder), `.${basename(folder)}.mysqld`);
}

/** Ends the server that a killed run left on the folder (its note says who it is, start time included). */
export async function reapScratch(folder: string): Promise<void> {
  const note = await readFile(noteOf(folder), 'utf8').catch(() => undefined);
  if (note === undefined) return;
  const { identity, socketFolder } = readNote(note);
  if (identity !== undefined && identity.startTime !== '' && isAlive(identity)) await killServer(identity);
  if (basename(socketFolder).startsWith('ompay-mysql.')) {
    await rm(socketFolder, { recursive: true, force: true });
  }
  await rm(noteOf(folder), { force: true });
}

/** A note that was cut off when its writer was killed names nobody. */
function readNote(text: string): { identity: ProcessIdentity | undefined; socketFolder: string } {
  try {
    const value: unknown = JSON.parse(text);
    const hasFolder = typeof value === 'object' && value !== null && 'socketFolder' in value;
    return { identity: parseIdentity(value), socketFolder: hasFolder ? String(value.socketFolder) : '' };
  } catch {
    return { identity: undefined, socketFolder: '' };
  }
}

/** Waits until it is gone: until then it may write into the folder that is removed next. */
async function killServer(server: ProcessIdentity): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + REAP_TIMEOUT_MS;
  do {
    try {
      process.kill(server.pid, 'SIGKILL');
    } catch (error) {
      if (systemCodeOf(error) !== 'ESRCH') throw error;
    }
    await systemClock.sleep(POLL_MS);
  } while (isAlive(server) && systemClock.monotonicMs() < deadlineMs);
}
