import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { Captured, CaptureRequest } from '../engine.ts';
import { shownPlace } from '../mysql/access.ts';
import { withCopyFolder } from '../mysql/copy-folder.ts';
import { type Archive, abortable, stillFiles } from '../mysql/files.ts';
import { MYSQLD } from '../mysql/server.ts';
import { type MysqlSession, openSession } from '../mysql/session.ts';
import { readFacts } from '../proof.ts';
import { backupInto, MARIADB_BACKUP, prepare } from './backup.ts';
import { captureCold } from './cold.ts';
import { assertDataFolder, serverUuidIn } from './identity.ts';
import type { MariadbSettings } from './settings.ts';

const SESSION_LIMITS = { connectMs: 5000, queryMs: 60_000 };

/**
 * Copies a serving database by mariadb-backup into a folder of this machine, where what was written meanwhile is replayed
 * before it is archived; a stopped one as it lies in its data folder.
 */
export async function captureMariadb<T>(
  settings: MariadbSettings,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const { dataFolder } = settings;
  if (dataFolder === undefined) throw isElsewhere(settings);
  const session = await sessionIfServing(settings);
  if (session === undefined) return captureCold({ dataFolder, clock: settings.clock }, request, archive);
  try {
    return await captureOnline({ ...settings, dataFolder }, session, request, archive);
  } finally {
    session.close();
  }
}

function isElsewhere({ source }: MariadbSettings): OmpayError {
  const what = `mariadb-backup reads the files of ${shownPlace(source)}, and no data folder is named`;
  return new OmpayError('configInvalid', what, {
    hint: "run ompay on the database's host, with copies.data_folder in ompay.yml (docs/mariadb-backup.md)",
  });
}

/** Undefined when nobody answers. */
async function sessionIfServing(settings: MariadbSettings): Promise<MysqlSession | undefined> {
  try {
    return await openSession(settings.source, SESSION_LIMITS, settings.database);
  } catch (error) {
    const isNobodyThere =
      error instanceof OmpayError && ['ECONNREFUSED', 'ENOENT'].includes(systemCodeOf(error.cause) ?? '');
    if (isNobodyThere) return undefined;
    throw error;
  }
}

async function captureOnline<T>(
  settings: MariadbSettings & { readonly dataFolder: string },
  session: MysqlSession,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const { dataFolder, workFolder } = settings;
  const { signal } = request;
  const serverUuid = await serverUuidIn(dataFolder);
  await assertDataFolder(session, settings.source, dataFolder);
  const copy = async (folder: string): Promise<Captured<T>> => {
    const before = await readFacts(session, request.queries);
    await backupInto(settings, { folder, dataFolder, ...(signal === undefined ? {} : { signal }) });
    const after = await readFacts(session, request.queries);
    await prepare(settings, folder, signal);
    const position = await positionIn(folder);
    const entries = abortable(stillFiles(folder), signal);
    const archived = await archive({ serverUuid, method: 'online', entries });
    return { archived, from: position, to: position, facts: { before, after } };
  };
  return withCopyFolder(workFolder, request.label, copy, [MARIADB_BACKUP, MYSQLD]);
}

/** `binlog.000002	1234	0-1-56`: the GTID when there is one, else file and byte; of a server without a log, InnoDB's place. */
async function positionIn(folder: string): Promise<string> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8').catch(() => '');
  const [file = '', position = '', gtid = ''] = (await read('xtrabackup_binlog_info')).trim().split('\t');
  if (gtid !== '') return gtid;
  if (file !== '') return `${file}:${position}`;
  const lsn = /^to_lsn = (\d+)$/m.exec(await read('xtrabackup_checkpoints'))?.[1];
  return `innodb:${lsn ?? ''}`;
}
