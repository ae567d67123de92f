import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { Captured, CaptureRequest } from '../engine.ts';
import { type Facts, readFacts } from '../proof.ts';
import { bootMysql } from './boot.ts';
import { cloneInto } from './clone.ts';
import { captureCold } from './cold.ts';
import { withCopyFolder } from './copy-folder.ts';
import { type Archive, abortable, stillFiles } from './files.ts';
import { type MysqlSession, openSession } from './session.ts';
import type { MysqlSettings } from './settings.ts';

const SESSION_LIMITS = { connectMs: 5000, queryMs: 60_000 };
/** Recovery of what was written while a large clone ran. */
const BOOT_TIMEOUT_MS = 10 * 60_000;

/**
 * Copies the database: a serving one by CLONE into a folder of this machine, where the copy is started, asked for its
 * GTIDs and stopped cleanly before it is archived; a stopped one as it lies in its data folder.
 */
export async function captureMysql<T>(
  settings: MysqlSettings,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const session = await sessionIfServing(settings);
  if (session === undefined) return captureCold(settings, request, archive);
  try {
    return await captureOnline(settings, session, request, archive);
  } finally {
    session.close();
  }
}

/** Undefined when nobody answers and there is a folder to copy. */
async function sessionIfServing(settings: MysqlSettings): Promise<MysqlSession | undefined> {
  try {
    return await openSession(settings.source, SESSION_LIMITS, settings.database);
  } catch (error) {
    const isNobodyThere =
      error instanceof OmpayError && ['ECONNREFUSED', 'ENOENT'].includes(systemCodeOf(error.cause) ?? '');
    if (isNobodyThere && settings.dataFolder !== undefined) return undefined;
    throw error;
  }
}

async function captureOnline<T>(
  settings: MysqlSettings,
  session: MysqlSession,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const [serverUuid = ''] = await session.values('select @@global.server_uuid');
  return withCopyFolder(settings.workFolder, request.label, async (folder) => {
    const before = await readFacts(session, request.queries);
    await cloneInto(settings, folder, request.signal);
    const after = await readFacts(session, request.queries);
    const gtids = await settleClone(settings, folder, request.signal);
    const entries = abortable(stillFiles(folder), request.signal);
    const archived = await archive({ serverUuid, method: 'online', entries });
    const facts: { before: Facts; after: Facts } = { before, after };
    return { archived, from: gtids, to: gtids, facts };
  });
}

/** Starts the clone, so that it recovers; it tells its GTIDs then. Stopped cleanly, it starts quicker ever after. */
async function settleClone(settings: MysqlSettings, folder: string, signal?: AbortSignal): Promise<string> {
  const limits = { timeoutMs: BOOT_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const copy = await bootMysql(settings, folder, limits);
  let gtids = '';
  try {
    const rows = await copy.rows("select replace(@@global.gtid_executed, '\\n', '') as gtids");
    gtids = rows?.[0]?.gtids ?? '';
    signal?.throwIfAborted();
  } catch (error) {
    await copy.stop('kill');
    throw error;
  }
  await copy.stop('clean');
  return gtids;
}
