import { dirname } from 'node:path';
import type { ArchiveEntry } from '../../core/archive.ts';
import type { Clock } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { dropOwnership, takeOwnership } from '../../core/ownership.ts';
import { ownerFileOf } from '../data-folder.ts';
import type { Captured, CaptureRequest, CaptureSource } from '../engine.ts';
import { type Facts, readFacts } from '../proof.ts';
import { readControlFile } from './control.ts';
import { dataFiles } from './files.ts';
import { connect, type PgSession } from './session.ts';
import { walFiles, walFilesFrom } from './wal.ts';

const CONNECT_TIMEOUT_MS = 5000;
/** A fast checkpoint writes all dirty buffers (at most 128 MB): 0.1 s measured with 100 MB of data. */
const QUERY_TIMEOUT_MS = 30_000;
/** "a backup is already in progress in this session": object_not_in_prerequisite_state. */
const ALREADY_STARTED = '55000';

export interface CaptureSettings {
  readonly dataFolder: string;
  readonly socketPath: string;
  readonly clock: Clock;
}

type Archive<T> = (source: CaptureSource) => Promise<T>;

/**
 * Copies the data folder: of a running server by PostgreSQL's low-level backup calls, which keep nobody waiting; of a
 * stopped one as it lies, owned by this process meanwhile, so that no server starts on it.
 */
export async function capturePglite<T>(
  settings: CaptureSettings,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const session = await connect(dirname(settings.socketPath), {
    connectMs: CONNECT_TIMEOUT_MS,
    queryMs: QUERY_TIMEOUT_MS,
  });
  if (session === undefined) return captureCold(settings, archive);
  try {
    return await captureOnline(settings, session, request, archive);
  } finally {
    await session.close();
  }
}

interface OnlineCopy {
  from: string;
  to: string;
  before: Facts;
}

async function captureOnline<T>(
  settings: CaptureSettings,
  session: PgSession,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const { serverUuid } = await readControlFile(settings.dataFolder);
  const copy: OnlineCopy = { from: '', to: '', before: {} };
  try {
    const entries = onlineEntries(settings, session, request, copy);
    const archived = await archive({ serverUuid, method: 'online', entries });
    if (copy.to === '') throw new TypeError('the archive was not read to its end');
    const after = await readFacts(session, request.queries);
    return { archived, from: copy.from, to: copy.to, facts: { before: copy.before, after } };
  } catch (error) {
    // Without this the server would go on writing whole pages, and the next backup would find this one open.
    if (copy.from !== '' && copy.to === '') await stopBackup(session).catch(() => undefined);
    throw error;
  }
}

/** start, files, facts, stop, then what only the stop tells: the label and the end of the log. */
async function* onlineEntries(
  { dataFolder, clock }: CaptureSettings,
  session: PgSession,
  request: CaptureRequest,
  copy: OnlineCopy,
): AsyncGenerator<ArchiveEntry> {
  copy.from = await startBackup(session, request.label);
  for await (const entry of dataFiles(dataFolder)) {
    request.signal?.throwIfAborted();
    yield entry;
  }
  copy.before = await readFacts(session, request.queries);
  const { to, label } = await stopBackup(session);
  const nowMs = clock.now();
  const content = Buffer.from(label);
  yield {
    kind: 'file',
    path: 'backup_label',
    modifiedAtMs: nowMs,
    sizeBytes: content.length,
    content,
  };
  yield* walFiles(dataFolder, { timeline: timelineOf(label), from: copy.from, to }, nowMs);
  copy.to = to;
}

async function startBackup(session: PgSession, label: string): Promise<string> {
  const start = async (): Promise<string> => {
    const [lsn = ''] = await session.values('select pg_backup_start($1, fast => true)::text', [label]);
    return lsn;
  };
  try {
    return await start();
  } catch (error) {
    if (systemCodeOf(error) !== ALREADY_STARTED) throw error;
    // All connections share one session: a backup that was killed left its own open. Ours is the only one (locked).
    await stopBackup(session);
    return start();
  }
}

async function stopBackup(session: PgSession): Promise<{ to: string; label: string }> {
  const [to = '', label = ''] = await session.values(
    'select lsn::text, labelfile from pg_backup_stop(wait_for_archive => false)',
  );
  return { to, label };
}

/** From `START TIMELINE: 1` of the backup label. */
function timelineOf(label: string): number {
  return Number(/^START TIMELINE: (\d+)$/m.exec(label)?.[1] ?? 1);
}

async function captureCold<T>(settings: CaptureSettings, archive: Archive<T>): Promise<Captured<T>> {
  const { dataFolder } = settings;
  const ownerFile = ownerFileOf(dataFolder);
  const { serverUuid, checkpoint } = await readControlFile(dataFolder);
  const owner = takeOwnership(ownerFile);
  if (owner !== undefined) {
    throw new OmpayError(
      'databaseUnavailable',
      `process ${owner.pid} owns ${dataFolder}, and nobody answers on ${settings.socketPath}`,
      { hint: 'wait until the database has started, or stop it: ompay down' },
    );
  }
  try {
    const archived = await archive({ serverUuid, method: 'cold', entries: coldEntries(settings) });
    return { archived, from: checkpoint, to: checkpoint, facts: null };
  } finally {
    dropOwnership(ownerFile);
  }
}

/** A folder that a kill left has log to replay; it comes along from the last checkpoint on. */
async function* coldEntries({ dataFolder, clock }: CaptureSettings): AsyncGenerator<ArchiveEntry> {
  const { redo, timeline } = await readControlFile(dataFolder);
  yield* dataFiles(dataFolder);
  yield* walFilesFrom(dataFolder, { timeline, from: redo }, clock.now());
}
