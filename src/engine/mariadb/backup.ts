import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import { shownPlace } from '../mysql/access.ts';
import {
  cannotBeStarted,
  lastError,
  type ScratchProcess,
  type ScratchProgram,
  startProcess,
} from '../scratch-process.ts';
import { optionFile } from './option-file.ts';
import type { MariadbSettings } from './settings.ts';

/** A terabyte at 50 MB/s. */
const BACKUP_TIMEOUT_MS = 6 * 60 * 60_000;
const OPTIONS_NAME = 'options.cnf';
const PREPARE_MEMORY = '64M';

export const MARIADB_BACKUP: ScratchProgram = {
  name: 'mariadb-backup',
  purpose: 'mariadb-backup',
  packageName: 'mariadb-backup',
  cleanSignal: 'SIGTERM',
  killSignal: 'SIGKILL',
  errorLine: /\b(error|failed|fatal|cannot|can't)\b/i,
};

/** Copies the running server's files into `folder`, which must not exist. Throws `databaseUnavailable`. */
export async function backupInto(
  settings: MariadbSettings,
  { folder, dataFolder, signal }: { folder: string; dataFolder: string; signal?: AbortSignal },
): Promise<void> {
  const socketFolder = temporaryFolder(MARIADB_BACKUP.purpose);
  const options = join(socketFolder, OPTIONS_NAME);
  await writeFile(options, optionFile(settings.source), { mode: 0o600 });
  const args = [
    `--defaults-file=${options}`,
    '--backup',
    `--target-dir=${folder}`,
    `--datadir=${dataFolder}`,
    `--tmpdir=${socketFolder}`,
  ];
  await run(settings, { folder, socketFolder, args, signal });
}

/** Replays what was written while the files were copied: the folder is a database then, as of the end of the copy. */
export async function prepare(
  settings: MariadbSettings,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const socketFolder = temporaryFolder(MARIADB_BACKUP.purpose);
  const args = ['--no-defaults', '--prepare', `--target-dir=${folder}`, `--use-memory=${PREPARE_MEMORY}`];
  await run(settings, { folder, socketFolder, args: [...args, `--tmpdir=${socketFolder}`], signal });
}

interface Run {
  readonly folder: string;
  readonly socketFolder: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal | undefined;
}

async function run(settings: MariadbSettings, { folder, socketFolder, args, signal }: Run): Promise<void> {
  const { backupCommand, clock } = settings;
  signal?.throwIfAborted();
  const command = [...backupCommand, ...args] as const;
  const running = await startProcess(MARIADB_BACKUP, folder, { command, socketFolder });
  const limit = AbortSignal.timeout(BACKUP_TIMEOUT_MS);
  const ended = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  try {
    await exitOf(running, ended);
    const { exitCode, signalCode } = running.child;
    if (exitCode !== 0) throw notCopied(settings, running.log(), signalCode ?? `exit code ${exitCode}`);
  } finally {
    await running.end('kill', clock);
  }
}

async function exitOf({ child, failure }: ScratchProcess, signal: AbortSignal): Promise<void> {
  const cause = failure();
  if (cause !== undefined) throw cannotBeStarted(MARIADB_BACKUP, cause);
  if (child.exitCode !== null || child.signalCode !== null) return;
  await once(child, 'exit', { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error instanceof Error ? cannotBeStarted(MARIADB_BACKUP, error) : error;
  });
}

function notCopied({ source }: MariadbSettings, log: string, how: string): OmpayError {
  const told = lastError(MARIADB_BACKUP, log).replace(/^\[\d+\] \S+ \S+ /, '');
  const what = `the database at ${shownPlace(source)} was not copied: mariadb-backup ended (${how}); ${told}`;
  const isFull = /No space left|Errcode: 28|errno: 28/.test(log);
  const code = isFull ? 'stateUnusable' : 'databaseUnavailable';
  return new OmpayError(code, what, { hint: hintFor(log, isFull), cause: log });
}

function hintFor(log: string, isFull: boolean): string {
  if (isFull) return 'make room for the database once more where .ompay lies: df -h .ompay';
  if (/Access denied|missing required privilege/i.test(log))
    return 'compare the account, its password and its rights: docs/mariadb-backup.md';
  return 'look at the server: systemctl status mariadb, then its error log';
}
