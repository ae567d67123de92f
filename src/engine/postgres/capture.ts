import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveEntry } from '../../core/archive.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { startTimeOf } from '../../core/process.ts';
import type { Captured, CaptureRequest, CaptureSource } from '../engine.ts';
import { CONTROL_FILE, readControlFile, serverUuidOf } from '../pglite/control.ts';
import { dataFiles } from '../pglite/files.ts';
import { walFilesFrom } from '../pglite/wal.ts';
import { readFacts } from '../proof.ts';
import { shownPlace } from './access.ts';
import { baseBackup } from './base-backup.ts';
import { openSession, type PostgresSession } from './session.ts';
import type { PostgresSettings } from './settings.ts';

const SESSION_LIMITS = { connectMs: 10_000, queryMs: 60_000 };

type Archive<T> = (source: CaptureSource) => Promise<T>;

/** Copies a serving database by pg_basebackup, over the network; a stopped one as it lies in its data folder. */
export async function capturePostgres<T>(
  settings: PostgresSettings,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const session = await sessionIfServing(settings);
  if (session === undefined) return captureCold(settings, request, archive);
  try {
    return await captureOnline(settings, session, request, archive);
  } finally {
    await session.close();
  }
}

/** Undefined when nobody answers and there is a folder to copy. */
async function sessionIfServing(settings: PostgresSettings): Promise<PostgresSession | undefined> {
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
  settings: PostgresSettings,
  session: PostgresSession,
  request: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const [identifier = '', isStandby] = await session.values(
    'select system_identifier::text, pg_is_in_recovery() from pg_control_system()',
  );
  if (isStandby === 't') throw standby(settings);
  // Until this session ends the server keeps the log that the copy needs, however long it takes.
  await session.values('select pg_create_physical_replication_slot($1, true, true)::text', [
    `ompay_${request.label.toLowerCase().replace(/[^a-z0-9_]/g, '_')}`,
  ]);
  const before = await readFacts(session, request.queries);
  const copy = baseBackup(settings, request);
  const archived = await archive({
    serverUuid: serverUuidOf(BigInt(identifier)),
    method: 'online',
    entries: copy.entries,
  });
  const { from, to } = copy.positions();
  const after = await readFacts(session, request.queries);
  return { archived, from, to, facts: { before, after } };
}

function standby({ source }: PostgresSettings): OmpayError {
  return new OmpayError('configInvalid', `${shownPlace(source)} is a standby: its log is the primary's`, {
    hint: 'name the primary in database.host of ompay.yml',
  });
}

/** No process keeps a server from starting meanwhile: that none did is looked at afterwards. */
async function captureCold<T>(
  { dataFolder = '', clock }: PostgresSettings,
  { signal }: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  await assertNotOpen(dataFolder);
  const { serverUuid, checkpoint, redo, timeline, bytes } = await readControlFile(dataFolder);
  const entries = async function* (): AsyncGenerator<ArchiveEntry> {
    for await (const entry of dataFiles(dataFolder)) {
      signal?.throwIfAborted();
      yield entry;
    }
    yield* walFilesFrom(dataFolder, { timeline, from: redo }, clock.now());
  };
  const archived = await archive({ serverUuid, method: 'cold', entries: entries() });
  await assertNotOpen(dataFolder);
  const after = await readFile(join(dataFolder, CONTROL_FILE));
  if (!after.equals(bytes)) throw isOpen(dataFolder);
  return { archived, from: checkpoint, to: checkpoint, facts: null };
}

/** The first line of postmaster.pid is a process number; a killed server leaves its file behind. */
async function assertNotOpen(dataFolder: string): Promise<void> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (Number.isNaN(pid) || startTimeOf(pid) === undefined) return;
  const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  if (/^postgres|^postmaster/.test(command)) throw isOpen(dataFolder);
}

function isOpen(dataFolder: string): OmpayError {
  return new OmpayError('databaseUnavailable', `a server has ${dataFolder} open, but nobody answers`, {
    hint: 'wait until it has started or has stopped: systemctl status postgresql',
  });
}
