import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import type { QuerySession } from '../proof.ts';
import { logIn, reapProcess, type ScratchProgram, startProcess, whenServing } from '../scratch-process.ts';
import { sessionsForProof, severalSessions } from '../several-sessions.ts';
import { type MysqlSession, openSession } from './session.ts';

const SOCKET_NAME = 'mysql.sock';
const CONNECT_TIMEOUT_MS = 5000;

/** MariaDB's is called the same. */
export const MYSQLD: ScratchProgram = {
  name: 'mysqld',
  purpose: 'mysql',
  packageName: 'mysql-server-core',
  cleanSignal: 'SIGTERM',
  killSignal: 'SIGKILL',
  errorLine: /\[ERROR\]/,
};

/**
 * For every server of ours: nobody but this user's processes reaches it, it writes no log for others, and asks nobody who
 * he is (the source's users and passwords are in the copy). Small: it serves one connection. Options
 * that MariaDB has not are `loose`.
 */
const ALWAYS = [
  '--skip-networking',
  '--skip-grant-tables',
  '--loose-mysqlx=OFF',
  '--performance-schema=OFF',
  '--event-scheduler=DISABLED',
  '--loose-gtid-mode=ON',
  '--loose-enforce-gtid-consistency=ON',
  '--loose-skip-replica-start',
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
  /** MariaDB's comes in another package. */
  readonly program?: ScratchProgram;
}

/** A server of ours on a folder, and a session to it. */
export interface ScratchServer {
  readonly session: MysqlSession;
  /** Side by side, as many as this machine has cores for; they end with the server. */
  openQuestions(): Promise<QuerySession>;
  readonly socketPath: string;
  /** `clean` makes the folder fit for the next start. */
  stop(how: 'clean' | 'kill'): Promise<void>;
}

/** Throws `backupDamaged` when the folder does not start as a database within the time. */
export async function startScratch(
  { serverCommand, clock }: ScratchSettings,
  folder: string,
  request: ScratchRequest,
): Promise<ScratchServer> {
  const { program = MYSQLD, timeoutMs, signal } = request;
  await reapScratch(folder);
  // A socket's path is short (107 bytes), the folder's may not be.
  const socketFolder = temporaryFolder(program.purpose);
  const socketPath = join(socketFolder, SOCKET_NAME);
  const own = [
    `--datadir=${folder}`,
    `--tmpdir=${socketFolder}`,
    `--socket=${socketPath}`,
    `--pid-file=${join(socketFolder, 'pid')}`,
    `--log-error=${logIn(socketFolder)}`,
  ];
  const command = [...serverCommand, ...ALWAYS, ...own, ...(request.args ?? [])] as const;
  const running = await startProcess(program, folder, { command, socketFolder });
  try {
    const limits = { timeoutMs, clock, ...(signal === undefined ? {} : { signal }) };
    const session = await whenServing(program, running, limits, (leftMs) =>
      sessionIfServing(socketPath, { ...request, leftMs }),
    );
    const sessions = [session];
    const openQuestions = async (): Promise<QuerySession> => {
      while (sessions.length < sessionsForProof())
        sessions.push(await openOwn(socketPath, request, CONNECT_TIMEOUT_MS));
      return severalSessions(sessions);
    };
    const stop = (how: 'clean' | 'kill'): Promise<void> => {
      for (const each of sessions) each.close();
      return running.end(how, clock);
    };
    return { session, socketPath, openQuestions, stop };
  } catch (error) {
    await running.end('kill', clock);
    throw error;
  }
}

async function sessionIfServing(
  socketPath: string,
  { leftMs, ...request }: ScratchRequest & { readonly leftMs: number },
): Promise<MysqlSession | undefined> {
  try {
    return await openOwn(socketPath, request, leftMs);
  } catch (error) {
    if (error instanceof OmpayError && isNotYetThere(error.cause)) return undefined;
    throw error;
  }
}

function openOwn(
  socketPath: string,
  { queryMs, database }: ScratchRequest,
  leftMs: number,
): Promise<MysqlSession> {
  const access = { place: { socketPath }, username: 'root', password: new Secret('') };
  return openSession(access, { connectMs: Math.min(CONNECT_TIMEOUT_MS, leftMs), queryMs }, database);
}

function isNotYetThere(cause: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ETIMEDOUT', 'PROTOCOL_CONNECTION_LOST'].includes(
    systemCodeOf(cause) ?? '',
  );
}

/** Ends the server that a killed run left on the folder. */
export function reapScratch(folder: string): Promise<void> {
  return reapProcess(MYSQLD, folder);
}
