import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, systemClock } from '../core/clock.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { parseIdentity } from '../core/ownership.ts';
import { isAlive, type ProcessIdentity, startTimeOf } from '../core/process.ts';

const LOG_NAME = 'error.log';
const POLL_MS = 20;
/** Its buffers are written first. */
const CLEAN_STOP_TIMEOUT_MS = 60_000;
const KILL_TIMEOUT_MS = 10_000;
const REAP_TIMEOUT_MS = 5000;
const MAX_LOG_CHARS = 4000;

/** A program that works on a scratch folder of ours, and what is to know of it. */
export interface ScratchProgram {
  /** Also the end of the note's name. */
  readonly name: string;
  /** The temporary folder's name says it. */
  readonly purpose: string;
  readonly packageName: string;
  readonly cleanSignal: NodeJS.Signals;
  /** One after which nothing of it is left, in memory of the system neither. SIGKILL follows when it is not heeded. */
  readonly killSignal: NodeJS.Signals;
  /** Lines of its log that say why it failed. */
  readonly errorLine: RegExp;
}

export interface ScratchProcess {
  readonly child: ChildProcess;
  /** Why it could not be started, or undefined. */
  failure(): Error | undefined;
  /** The end of what it wrote. */
  log(): string;
  /** `clean` throws `backupDamaged` when it does not end well. What is beside its data folder is removed. */
  end(how: 'clean' | 'kill', clock: Clock): Promise<void>;
}

export interface ScratchCommand {
  readonly command: readonly [string, ...string[]];
  /** Made by `temporaryFolder` for it: its log is there, and what else belongs to this start. Removed at its end. */
  readonly socketFolder: string;
  /** All of its environment (default: ours). */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the program, noted beside `folder` so that `reapProcess` finds what a killed run leaves. */
export async function startProcess(
  program: ScratchProgram,
  folder: string,
  { command, socketFolder, env }: ScratchCommand,
): Promise<ScratchProcess> {
  const [path, ...args] = command;
  const logPath = logIn(socketFolder);
  const log = openSync(logPath, 'a', 0o600);
  const child = spawn(path, args, {
    stdio: ['ignore', 'ignore', log],
    ...(env === undefined ? {} : { env }),
  });
  closeSync(log);
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  const { pid } = child;
  const identity = pid === undefined ? {} : { pid, startTime: startTimeOf(pid) ?? '' };
  const note = noteOf(program, folder);
  await writeFile(note, JSON.stringify({ ...identity, socketFolder }), { mode: 0o600 });
  const end = async (how: 'clean' | 'kill', clock: Clock): Promise<void> => {
    try {
      await endProcess(child, program, how, clock);
    } finally {
      await rm(socketFolder, { recursive: true, force: true });
      await rm(note, { force: true });
    }
  };
  return { child, failure: () => failure, log: () => logOf(logPath), end };
}

export function logIn(socketFolder: string): string {
  return join(socketFolder, LOG_NAME);
}

function logOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-MAX_LOG_CHARS);
  } catch {
    return '';
  }
}

/** Asks `open` again and again until it gives something. Throws `backupDamaged` when the server ends or the time is over. */
export async function whenServing<T>(
  program: ScratchProgram,
  running: ScratchProcess,
  request: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly clock: Clock },
  open: (leftMs: number) => Promise<T | undefined>,
): Promise<T> {
  const { timeoutMs, signal, clock } = request;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (;;) {
    assertRunning(program, running);
    const leftMs = Math.trunc(deadlineMs - clock.monotonicMs());
    if (leftMs <= 0) throw didNotStart(program, `it did not answer within ${timeoutMs} ms`, running);
    const opened = await open(leftMs);
    if (opened !== undefined) return opened;
    await clock.sleep(POLL_MS, signal);
  }
}

function assertRunning(program: ScratchProgram, running: ScratchProcess): void {
  const cause = running.failure();
  if (cause !== undefined) throw cannotBeStarted(program, cause);
  const { exitCode, signalCode } = running.child;
  if (exitCode === null && signalCode === null) return;
  throw didNotStart(program, `${program.name} ended (${signalCode ?? `exit code ${exitCode}`})`, running);
}

export function cannotBeStarted({ name, packageName }: ScratchProgram, cause: Error): OmpayError {
  return new OmpayError('stateUnusable', `${name} cannot be started: ${cause.message}`, {
    hint: `install the program of the same version as the source: apt-get install ${packageName}`,
    cause,
  });
}

function didNotStart(program: ScratchProgram, why: string, { log }: ScratchProcess): OmpayError {
  const text = log();
  const what = `the copy does not start as a database: ${why}; ${lastError(program, text)}`;
  return new OmpayError('backupDamaged', what, {
    hint: 'restore from another copy, or choose another backup: ompay backup list',
    cause: text,
  });
}

/** The last line of the log that tells an error; empty when there is none. */
export function lastError({ errorLine }: ScratchProgram, log: string): string {
  return (
    log
      .trimEnd()
      .split('\n')
      .findLast((line) => errorLine.test(line)) ?? ''
  );
}

async function endProcess(
  child: ChildProcess,
  program: ScratchProgram,
  how: 'clean' | 'kill',
  clock: Clock,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(how === 'clean' ? program.cleanSignal : program.killSignal);
  const timer = new AbortController();
  const limitMs = how === 'clean' ? CLEAN_STOP_TIMEOUT_MS : KILL_TIMEOUT_MS;
  const tooLate = clock.sleep(limitMs, timer.signal).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  timer.abort();
  await tooLate;
  if (how === 'kill' || child.exitCode === 0) return;
  const what = `${program.name} did not stop cleanly (${child.signalCode ?? child.exitCode})`;
  throw new OmpayError('backupDamaged', what, {
    hint: 'restore again, or choose another backup: ompay backup list',
  });
}

/** Beside the data folder. */
function noteOf({ name }: ScratchProgram, folder: string): string {
  return join(dirname(folder), `.${basename(folder)}.${name}`);
}

/** The folder that a note is of; undefined when the name is not one of a note. */
export function notedFolder({ name }: ScratchProgram, notePath: string): string | undefined {
  const file = basename(notePath);
  const end = `.${name}`;
  if (!file.startsWith('.') || !file.endsWith(end)) return undefined;
  return join(dirname(notePath), file.slice(1, -end.length));
}

/** Ends the process that a killed run left on the folder (its note says who it is, start time included). */
export async function reapProcess(program: ScratchProgram, folder: string): Promise<void> {
  const path = noteOf(program, folder);
  const note = await readFile(path, 'utf8').catch(() => undefined);
  if (note === undefined) return;
  const { identity, socketFolder } = readNote(note);
  if (identity !== undefined && identity.startTime !== '' && isAlive(identity)) {
    await killProcess(identity, program);
  }
  if (basename(socketFolder).startsWith(`ompay-${program.purpose}.`)) {
    await rm(socketFolder, { recursive: true, force: true });
  }
  await rm(path, { force: true });
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
async function killProcess(left: ProcessIdentity, { killSignal }: ScratchProgram): Promise<void> {
  const beginMs = systemClock.monotonicMs();
  let signal = killSignal;
  do {
    try {
      process.kill(left.pid, signal);
    } catch (error) {
      if (systemCodeOf(error) !== 'ESRCH') throw error;
    }
    await systemClock.sleep(POLL_MS);
    if (systemClock.monotonicMs() - beginMs > REAP_TIMEOUT_MS / 2) signal = 'SIGKILL';
  } while (isAlive(left) && systemClock.monotonicMs() - beginMs < REAP_TIMEOUT_MS);
}
