import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { MysqlAccess } from '../../engine/mysql/access.ts';
import {
  countOf,
  differenceOf,
  type GtidSet,
  gtidSetText,
  parseGtidSet,
} from '../../engine/mysql/gtid-set.ts';
import { type MysqlSession, openSession } from '../../engine/mysql/session.ts';
import { assertNotOpen, committedIn, serverUuidIn } from '../../engine/mysql/stopped.ts';
import type { Host } from '../../host/host.ts';
import { sh } from '../../shell/line.ts';

const LIMITS = { connectMs: 5000, queryMs: 60_000 };
/** Between two looks at what was committed. An API that nobody uses may write once a minute: it is looked at again later. */
const QUIET_MS = 3000;

/** Where an environment's MySQL is, on this machine. */
export interface ServerPlace {
  readonly access: MysqlAccess;
  readonly dataFolder: string | null;
  readonly unit: string;
}

export interface ServerLook {
  /** Links followed. */
  readonly dataFolder: string;
  readonly wasServing: boolean;
  readonly committed: GtidSet;
}

/**
 * Makes sure that the place is that of the server, that its folder can be renamed, and that nobody writes. Changes nothing.
 * Throws `configInvalid`, `notFound`, `stateUnusable`, `checkBlocked` while transactions are committed, and
 * `databaseUnavailable` for a server that runs and does not answer.
 */
export async function lookAtServer(
  place: ServerPlace,
  { host, clock, signal }: { readonly host: Host; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ServerLook> {
  const dataFolder = await movableFolder(place.dataFolder);
  const session = await sessionIfServing(place.access);
  if (session === undefined) {
    await assertNotOpen(dataFolder);
    return { dataFolder, wasServing: false, committed: await committedIn(dataFolder) };
  }
  try {
    await assertSameServer(session, dataFolder);
    await assertInFolder(session, dataFolder);
    await assertUnit(host, place.unit, signal);
    return { dataFolder, wasServing: true, committed: await quietly(session, clock, signal) };
  } finally {
    session.close();
  }
}

/** What the session's server has committed. */
export async function executedBy(session: MysqlSession): Promise<GtidSet> {
  const [executed = ''] = await session.values('select @@global.gtid_executed');
  return parseGtidSet(executed.replaceAll('\n', ''));
}

/** Throws `configInvalid` when the server keeps a part of its data in another place: it would not be moved along. */
export async function assertInFolder(session: MysqlSession, dataFolder: string): Promise<void> {
  const [logs = '', ...folders] = await session.values(
    'select @@log_bin_basename, @@innodb_data_home_dir, @@innodb_log_group_home_dir, @@innodb_undo_directory',
  );
  if (logs === '') throw elsewhere('it writes no binary log (log_bin)');
  for (const place of [dirname(logs), ...folders]) {
    if (['', '.', './'].includes(place)) continue;
    const real = await realpath(place).catch(() => place);
    if (real !== dataFolder) throw elsewhere(`a part of its data is in ${place}, not in ${dataFolder}`);
  }
}

function elsewhere(what: string): OmpayError {
  return new OmpayError('configInvalid', `the database cannot be exchanged by a rename: ${what}`, {
    hint: 'restore with --into FOLDER, and exchange them by hand: docs/mysql-backup.md ("In place of the old one")',
  });
}

async function movableFolder(named: string | null): Promise<string> {
  if (named === null) {
    throw new OmpayError(
      'configInvalid',
      'copies.data_folder is missing: where the database is on this machine',
      {
        hint: "run ompay on the database's host, with copies: { data_folder: /var/lib/mysql } in ompay.yml",
      },
    );
  }
  const folder = await realpath(named).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    throw new OmpayError('notFound', `the data folder ${named} does not exist on this machine`, {
      hint: `if it was lost, make it anew, empty, for its owner: install -d -m 750 -o mysql -g mysql ${named}`,
      cause: error,
    });
  });
  const parent = dirname(folder);
  if ((await stat(folder)).dev !== (await stat(parent)).dev) {
    throw new OmpayError('stateUnusable', `${folder} is a file system of its own and cannot be renamed`, {
      hint: 'restore with --into FOLDER on it, and exchange the contents by hand: docs/mysql-backup.md',
    });
  }
  await access(parent, constants.W_OK).catch((cause: unknown) => {
    throw new OmpayError('stateUnusable', `${parent} cannot be written by this user`, {
      hint: "run it as root on the database's host: sudo ompay restore …",
      cause,
    });
  });
  return folder;
}

/** Undefined when nobody is there. */
async function sessionIfServing(place: MysqlAccess): Promise<MysqlSession | undefined> {
  try {
    return await openSession(place, LIMITS);
  } catch (error) {
    const isNobodyThere =
      error instanceof OmpayError && ['ECONNREFUSED', 'ENOENT'].includes(systemCodeOf(error.cause) ?? '');
    if (isNobodyThere) return undefined;
    throw error;
  }
}

/** Two hosts may both have a /var/lib/mysql; the server's uuid is in its folder. */
async function assertSameServer(session: MysqlSession, dataFolder: string): Promise<void> {
  const [uuid = '', itsFolder = ''] = await session.values('select @@server_uuid, @@datadir');
  const here = await serverUuidIn(dataFolder).catch(() => '');
  if (here === uuid) return;
  const what = `the database that answers is not the one in ${dataFolder}: its folder is ${itsFolder}, its uuid ${uuid}`;
  throw new OmpayError('configInvalid', what, {
    hint: "run ompay on the database's own host, and set copies.data_folder to its folder there",
  });
}

async function assertUnit(host: Host, unit: string, signal: AbortSignal): Promise<void> {
  const line = sh`systemctl is-active ${unit}`;
  const { exitCode, stdout, stderr } = await host.exec(line, { timeoutMs: 15_000, readOnly: true, signal });
  if (exitCode === 0) return;
  const said = (stdout || stderr).trim();
  throw new OmpayError(
    'configInvalid',
    `the database answers, but its unit ${unit} does not run it: ${said}`,
    {
      hint: 'name the unit: copies: { database_unit: mysql.service } in ompay.yml; systemctl list-units "mysql*"',
    },
  );
}

async function quietly(session: MysqlSession, clock: Clock, signal: AbortSignal): Promise<GtidSet> {
  const [isReadOnly = ''] = await session.values('select @@super_read_only');
  if (isReadOnly !== '0') {
    throw new OmpayError(
      'configInvalid',
      'the database is read-only: it is a replica, or was made so by hand',
      {
        hint: 'restore the source; or first: set global super_read_only = off',
      },
    );
  }
  const before = await executedBy(session);
  await clock.sleep(QUIET_MS, signal);
  const after = await executedBy(session);
  const written = differenceOf(after, before);
  if (written.size === 0) return after;
  const what = `the database is written to: ${countOf(written)} transactions in ${QUIET_MS / 1000} s (${gtidSetText(written)})`;
  throw new OmpayError('checkBlocked', what, {
    hint: 'first: ompay maintenance on -e ENVIRONMENT; and stop what else writes (workers, scheduled jobs)',
  });
}
