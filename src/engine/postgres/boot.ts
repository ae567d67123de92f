import { chmod, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { messageOf, OmpayError, systemCodeOf } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import type { BootedDatabase, BootRequest } from '../engine.ts';
import { reapProcess, type ScratchProgram, startProcess, whenServing } from '../scratch-process.ts';
import { openSession, type PostgresSession } from './session.ts';
import type { PostgresSettings } from './settings.ts';

const SOCKET_NAME = '.s.PGSQL.5432';
const CONFIG_NAME = 'postgresql.conf';
const HBA_NAME = 'pg_hba.conf';
const IDENT_NAME = 'pg_ident.conf';
const CONNECT_TIMEOUT_MS = 5000;
const QUERY_TIMEOUT_MS = 10 * 60_000;
/** Nobody listens yet, or no more; cannot_connect_now: it recovers; admin_shutdown, crash_shutdown: it ends, and says why in its log. */
const NOT_YET: ReadonlySet<string> = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
]);
/** PostgreSQL's appendix A: internal error (data_corrupted among them), system error. */
const DAMAGED = /^(?:XX|58)/;

/** SIGINT and SIGQUIT are PostgreSQL's fast and immediate shutdown; after SIGKILL its shared memory would stay. */
const POSTGRES: ScratchProgram = {
  name: 'postgres',
  purpose: 'postgres',
  packageName: 'postgresql-15',
  cleanSignal: 'SIGINT',
  killSignal: 'SIGQUIT',
  errorLine: /\b(FATAL|PANIC|ERROR)\b|^postgres: /,
};

/**
 * Goes before what the copy's postgresql.auto.conf says, which is the source's: nobody else reaches the server, it loads
 * no libraries, archives nothing, waits for no standby, and is small. Prepared transactions of the copy have a place.
 */
const ALWAYS: readonly string[] = [
  'listen_addresses=',
  'unix_socket_permissions=0700',
  'ssl=off',
  'shared_preload_libraries=',
  'session_preload_libraries=',
  'local_preload_libraries=',
  'archive_mode=off',
  'synchronous_standby_names=',
  'hot_standby=off',
  'logging_collector=off',
  'log_destination=stderr',
  'shared_buffers=64MB',
  'huge_pages=off',
  'max_connections=16',
  'max_prepared_transactions=64',
  'max_wal_senders=0',
  'autovacuum=off',
  'jit=off',
];

/**
 * Starts a server of our own on an extracted copy, on a socket that nobody else knows. It replays the log first.
 * @param recovery settings beside ours, `name=value`: how far.
 */
export async function bootPostgres(
  settings: PostgresSettings,
  folder: string,
  request: BootRequest,
  recovery: readonly string[] = [],
): Promise<BootedDatabase> {
  const { clock } = settings;
  await reapPostgres(folder);
  // PostgreSQL refuses a folder that others may look into.
  await chmod(folder, 0o700);
  const places = temporaryFolder(POSTGRES.purpose);
  await writeConfiguration(places);
  const running = await startProcess(POSTGRES, folder, {
    socketFolder: places,
    command: [...serverCommand(settings.programFolder), ...argumentsOf(folder, places, recovery)],
  });
  try {
    const session = await whenServing(POSTGRES, running, { ...request, clock }, (leftMs) =>
      sessionIfServing(settings, places, leftMs),
    );
    const [serverVersion = ''] = await session.values("select split_part(version(), ' on ', 1)");
    const stop = async (how: 'clean' | 'kill'): Promise<void> => {
      await session.close();
      await running.end(how, clock);
    };
    return { serverVersion, socketPath: join(places, SOCKET_NAME), rows: session.rows, stop };
  } catch (error) {
    await running.end('kill', clock);
    throw error;
  }
}

/** Ends the server that a killed run left on the folder. */
export function reapPostgres(folder: string): Promise<void> {
  return reapProcess(POSTGRES, folder);
}

/** The copy's own configuration may lie elsewhere (Debian's does) and is the source's. */
async function writeConfiguration(places: string): Promise<void> {
  await writeFile(join(places, CONFIG_NAME), '', { mode: 0o600 });
  await writeFile(join(places, HBA_NAME), 'local all all trust\n', { mode: 0o600 });
  await writeFile(join(places, IDENT_NAME), '', { mode: 0o600 });
}

/**
 * PostgreSQL refuses to be root. In a user namespace of its own (unshare of util-linux) it is nobody, and goes on owning
 * the files, which lie in folders that no other user may enter.
 */
function serverCommand(programFolder: string): readonly [string, ...string[]] {
  const program = join(programFolder, 'postgres');
  if (userInfo().uid !== 0) return [program];
  return ['/usr/bin/unshare', '--user', '--map-user=65534', '--map-group=65534', '--', program];
}

function argumentsOf(folder: string, places: string, recovery: readonly string[]): readonly string[] {
  const own = [
    `config_file=${join(places, CONFIG_NAME)}`,
    `hba_file=${join(places, HBA_NAME)}`,
    `ident_file=${join(places, IDENT_NAME)}`,
    `unix_socket_directories=${places}`,
  ];
  return ['-D', folder, ...[...own, ...ALWAYS, ...recovery].flatMap((setting) => ['-c', setting])];
}

/** As the role that owns the server, whatever its name is there. Undefined while it recovers. */
async function sessionIfServing(
  { source, database }: PostgresSettings,
  places: string,
  leftMs: number,
): Promise<PostgresSession | undefined> {
  const limits = { connectMs: Math.min(CONNECT_TIMEOUT_MS, leftMs), queryMs: QUERY_TIMEOUT_MS };
  const place = { socketPath: join(places, SOCKET_NAME) };
  const openAs = (username: string): Promise<PostgresSession> =>
    openSession({ place, username, password: new Secret('') }, limits, database);
  try {
    const session = await openAs(source.username);
    // 10 is the role that initdb made (pg_authid.dat).
    const [owner = ''] = await session.values('select rolname from pg_roles where oid = 10');
    await session.close();
    return await openAs(owner);
  } catch (error) {
    if (!(error instanceof OmpayError)) throw error;
    const code = systemCodeOf(error.cause);
    // Without a code the connection broke: whether the server did as well is looked at next.
    if (code === undefined || NOT_YET.has(code)) return undefined;
    if (!DAMAGED.test(code)) throw error;
    throw new OmpayError('backupDamaged', `the copy starts and cannot be read: ${messageOf(error.cause)}`, {
      hint: 'restore from another copy, or choose another backup: ompay backup list',
      cause: error,
    });
  }
}
