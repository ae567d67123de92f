import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import { shownPlace, type TcpPlace } from './access.ts';
import { reapScratch, startScratch } from './server.ts';
import { type MysqlSession, openSession } from './session.ts';
import type { MysqlSettings } from './settings.ts';

const START_TIMEOUT_MS = 60_000;
/** A clone of a terabyte at 50 MB/s. It fails by itself once the network is away for 5 minutes. */
const CLONE_TIMEOUT_MS = 6 * 60 * 60_000;
const INITIALIZE_TIMEOUT_MS = 120_000;
const SESSION_LIMITS = { connectMs: 5000, queryMs: 10_000 };
/** The source's plugins that must be there before it lets itself be cloned, apart from those that are always there. */
const PLUGIN_LIBRARIES =
  "select distinct plugin_library from information_schema.plugins where plugin_status = 'ACTIVE' and plugin_library is not null";

/**
 * Clones the source into `folder`, which must not exist, by a server of ours on this machine: nothing is installed on
 * the database's host or written there. Throws `databaseUnavailable`, `configInvalid`.
 */
export async function cloneInto(
  settings: MysqlSettings,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const { source } = settings;
  if (!('host' in source.place)) {
    throw new OmpayError(
      'configInvalid',
      `CLONE does not reach a server by its socket (${shownPlace(source)})`,
      {
        hint: 'give the host, the port and the authority of the database instead of the socket',
      },
    );
  }
  const recipient = await ensureRecipient(settings, signal);
  const server = await startScratch(settings, recipient, {
    timeoutMs: START_TIMEOUT_MS,
    queryMs: CLONE_TIMEOUT_MS,
    args: await recipientArguments(settings, source.place),
    ...(signal === undefined ? {} : { signal }),
  });
  // Killing the recipient ends the clone; the source notices by itself.
  const abort = (): void => void server.stop('kill').catch(() => undefined);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await clone(server.session, settings, { place: source.place, folder });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    await server.stop('kill');
  }
}

async function clone(
  session: MysqlSession,
  { source }: MysqlSettings,
  { place, folder }: { readonly place: TcpPlace; readonly folder: string },
): Promise<void> {
  await session.run(`set global clone_valid_donor_list = ${quoted(`${place.host}:${place.port}`)}`);
  await session.run(
    `clone instance from ${quoted(source.username)}@${quoted(place.host)}:${place.port}
     identified by ${quoted(source.password.reveal())} data directory = ${quoted(folder)} require ssl`,
  );
}

/** CLONE knows no parameters. Backslashes are escapes in MySQL. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** What the source compares before it serves: page size, system tablespace, plugins (manual, "Remote Cloning Prerequisites"). */
async function recipientArguments(settings: MysqlSettings, place: TcpPlace): Promise<readonly string[]> {
  const session = await openSession(settings.source, SESSION_LIMITS);
  try {
    const libraries = (await session.rows(PLUGIN_LIBRARIES)) ?? [];
    const names = new Set(libraries.flatMap((row) => Object.values(row)));
    names.add('mysql_clone.so');
    return [
      '--skip-log-bin',
      `--plugin-load=${[...names].join(';')}`,
      `--loose-clone-ssl-ca=${place.authorityPath}`,
      '--loose-clone-max-concurrency=2',
      '--loose-clone-buffer-size=1M',
      '--innodb-buffer-pool-size=16M',
      '--innodb-redo-log-capacity=16M',
      '--innodb-log-buffer-size=4M',
      '--table-open-cache=256',
    ];
  } finally {
    session.close();
  }
}

/** An empty server's folder, kept between runs: making one takes seconds. It holds nobody's data. */
async function ensureRecipient(settings: MysqlSettings, signal?: AbortSignal): Promise<string> {
  const folder = join(settings.workFolder, 'recipient');
  await reapScratch(folder);
  if (existsSync(folder)) return folder;
  const making = join(settings.workFolder, 'recipient.making');
  await rm(making, { recursive: true, force: true });
  await mkdir(settings.workFolder, { recursive: true, mode: 0o700 });
  const [program, ...first] = settings.serverCommand;
  const args = [...first, '--initialize-insecure', '--skip-log-bin', `--datadir=${making}`];
  const limit = AbortSignal.timeout(INITIALIZE_TIMEOUT_MS);
  const child = spawn(program, args, {
    stdio: 'ignore',
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    killSignal: 'SIGKILL',
  });
  const [exitCode] = await once(child, 'exit').catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw notMade(cause);
  });
  if (exitCode !== 0) throw notMade(exitCode);
  await rename(making, folder);
  return folder;
}

function notMade(cause: unknown): OmpayError {
  return new OmpayError('stateUnusable', `an empty server cannot be made by mysqld (${String(cause)})`, {
    hint: 'install the server of the same version as the source: apt-get install mysql-server-core',
    cause,
  });
}
