import { constants, copyFile, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError } from '../../../core/errors.ts';
import { areEqual, contains, differenceOf, type GtidSet, gtidSetText, parseGtidSet } from '../gtid-set.ts';
import { bufferPool } from '../memory.ts';
import { type ScratchServer, type ScratchSettings, startScratch } from '../server.ts';
import type { MysqlSession } from '../session.ts';
import type { ResolvedTarget } from './target.ts';

const RELAY = 'ompay-relay';
/** Each look says how far it is; a failure shows at the next one. */
const LOOK_EVERY_S = 1;

/**
 * Nothing of a replay needs to survive a crash: it would begin anew. The server writes all down when it is stopped
 * cleanly. Several workers are no quicker for small transactions that all touch the head of a chain.
 */
const REPLAY_ARGUMENTS = [
  // Somebody waits for it.
  bufferPool({ share: 1 / 8, mostMib: 2048 }),
  '--innodb-flush-method=fsync',
  '--skip-log-bin',
  `--relay-log=${RELAY}`,
  `--relay-log-index=${RELAY}.index`,
  '--relay-log-purge=OFF',
  '--relay-log-recovery=OFF',
  '--replicate-same-server-id',
  '--replica-parallel-workers=1',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=OFF',
  '--innodb-redo-log-capacity=512M',
  // Rows are looked up by key, one by one: 8.7 s instead of 10.7 s for 12,000 transactions, medians of three.
  '--innodb-adaptive-hash-index=ON',
] as const;

export interface ReplayRequest {
  /** The base backup's data folder, stopped; it is changed. */
  readonly folder: string;
  readonly database: string;
  readonly target: ResolvedTarget;
  readonly startTimeoutMs: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** The server answers with what the base holds; the log is applied next, unless this throws. */
  readonly onStarted?: (base: MysqlSession) => Promise<void> | void;
  readonly onProgress?: (executed: GtidSet) => void;
}

/**
 * Gives the received files to a server of ours as its relay logs, which is some fifteen times quicker than sending their
 * statements, and waits until it has applied exactly the target. The server still runs: prove it, then stop it cleanly.
 * Throws `backupDamaged` when a transaction cannot be applied or another set comes out, `timeout`.
 */
export async function replay(settings: ScratchSettings, request: ReplayRequest): Promise<ScratchServer> {
  const { folder, target, signal } = request;
  await placeRelayLogs(folder, target.files);
  const server = await startScratch(settings, folder, {
    timeoutMs: request.startTimeoutMs,
    queryMs: 60_000,
    database: request.database,
    args: REPLAY_ARGUMENTS,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    await request.onStarted?.(server.session);
    if (target.files.length > 0) await apply(server.session, settings, request);
    const executed = await executedBy(server.session);
    if (!areEqual(executed, target.gtids)) throw otherSet(executed, target.gtids);
    return server;
  } catch (error) {
    await server.stop('kill');
    throw error;
  }
}

/** What a replay left in a folder whose server was stopped cleanly. */
export async function removeRelayLogs(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.startsWith(`${RELAY}.`)) await rm(join(folder, name), { force: true });
}

/** The last file is cut where the target ends: the server cannot go past it. */
async function placeRelayLogs(folder: string, files: ResolvedTarget['files']): Promise<void> {
  const names: string[] = [];
  for (const { path, sizeBytes } of files) {
    const name = `${RELAY}.${String(names.length + 1).padStart(6, '0')}`;
    names.push(name);
    // A copy, as the server writes to the end of its relay logs.
    await copyFile(path, join(folder, name), constants.COPYFILE_FICLONE);
    const file = await open(join(folder, name), 'r+');
    try {
      await file.truncate(sizeBytes);
    } finally {
      await file.close();
    }
  }
  if (names.length === 0) return;
  await writeFile(join(folder, `${RELAY}.index`), names.map((name) => `./${name}\n`).join(''));
}

async function apply(
  session: MysqlSession,
  { clock }: ScratchSettings,
  request: ReplayRequest,
): Promise<void> {
  const { target, timeoutMs, signal } = request;
  // A server without grant tables refuses what the log holds of users; this session stays what it is.
  await session.run('flush privileges');
  await session.run(
    `change replication source to source_host = 'none', relay_log_file = '${RELAY}.000001', relay_log_pos = 4`,
  );
  await session.run('start replica sql_thread');
  const wanted = gtidSetText(target.gtids);
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const [timedOut] = await session.values(
      `select wait_for_executed_gtid_set('${wanted}', ${LOOK_EVERY_S})`,
    );
    if (timedOut === '0') break;
    const executed = await executedBy(session);
    request.onProgress?.(executed);
    await assertApplying(session);
    if (clock.monotonicMs() > deadlineMs) throw tooSlow(timeoutMs, executed, target.gtids);
  }
  await session.run('stop replica');
  await session.run('reset replica all');
}

async function executedBy(session: MysqlSession): Promise<GtidSet> {
  const [executed = ''] = await session.values('select @@global.gtid_executed');
  return parseGtidSet(executed);
}

async function assertApplying(session: MysqlSession): Promise<void> {
  const [status] = (await session.rows('show replica status')) ?? [];
  const number = status?.Last_SQL_Errno ?? '0';
  if (status?.Replica_SQL_Running === 'Yes' && number === '0') return;
  throw new OmpayError(
    'backupDamaged',
    `the log cannot be applied to this base: error ${number}, ${status?.Last_SQL_Error ?? 'nothing runs'}`,
    { hint: 'use another base backup: ompay backup list' },
  );
}

function otherSet(executed: GtidSet, wanted: GtidSet): OmpayError {
  const [missing, tooMany] = [differenceOf(wanted, executed), differenceOf(executed, wanted)].map(
    gtidSetText,
  );
  return new OmpayError(
    'backupDamaged',
    `after the replay the database misses ${missing || 'nothing'} and has ${tooMany || 'nothing'} too many`,
    { hint: 'use another base backup: ompay backup list' },
  );
}

function tooSlow(timeoutMs: number, executed: GtidSet, wanted: GtidSet): OmpayError {
  const left = contains(executed, wanted) ? '' : gtidSetText(differenceOf(wanted, executed)).slice(0, 300);
  return new OmpayError('timeout', `the replay was not done within ${timeoutMs} ms; left are ${left}`, {
    hint: 'give it more time, or begin from a newer base backup: ompay backup list',
  });
}
