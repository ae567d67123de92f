import { constants, copyFile, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError } from '../../../core/errors.ts';
import type { FactRow } from '../../proof.ts';
import { areEqual, contains, differenceOf, type GtidSet, gtidSetText, parseGtidSet } from '../gtid-set.ts';
import { bufferPool } from '../memory.ts';
import { type ScratchServer, type ScratchSettings, startScratch } from '../server.ts';
import type { MysqlSession } from '../session.ts';
import type { ResolvedTarget } from './target.ts';

/** The name of the relay logs. */
export const RELAY = 'ompay-relay';
/** Each look says how far it is; a failure shows at the next one. */
export const LOOK_EVERY_S = 1;

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

/** What of a replay differs between MySQL and MariaDB. */
export interface ReplayDialect {
  readonly arguments: readonly string[];
  /** A copy may say in a file how its server is started. */
  readonly settings?: (settings: ScratchSettings, folder: string) => ScratchSettings;
  readonly begin: (session: MysqlSession, target: ResolvedTarget) => Promise<void>;
  /** Waits for a second; whether all of it is applied. */
  readonly isApplied: (session: MysqlSession, target: ResolvedTarget) => Promise<boolean>;
  /** What the database holds, beginning with what the base did. */
  readonly executed: (session: MysqlSession, base: GtidSet) => Promise<GtidSet>;
  /** Of the thread that applies: a row with `Last_SQL_Errno`, `Last_SQL_Error` and whether it runs. */
  readonly status: (session: MysqlSession) => Promise<{ readonly row: FactRow; readonly isRunning: boolean }>;
  readonly end: (session: MysqlSession) => Promise<void>;
}

export const MYSQL_REPLAY: ReplayDialect = {
  arguments: REPLAY_ARGUMENTS,
  begin: async (session) => {
    await session.run(
      `change replication source to source_host = 'none', relay_log_file = '${RELAY}.000001', relay_log_pos = 4`,
    );
    await session.run('start replica sql_thread');
  },
  isApplied: async (session, { gtids }) => {
    const [timedOut] = await session.values(
      `select wait_for_executed_gtid_set('${gtidSetText(gtids)}', ${LOOK_EVERY_S})`,
    );
    return timedOut === '0';
  },
  executed: async (session) => {
    const [executed = ''] = await session.values('select @@global.gtid_executed');
    return parseGtidSet(executed);
  },
  status: async (session) => {
    const [row = {}] = (await session.rows('show replica status')) ?? [];
    return { row, isRunning: row.Replica_SQL_Running === 'Yes' };
  },
  end: async (session) => {
    await session.run('stop replica');
    await session.run('reset replica all');
  },
};

export interface ReplayRequest {
  /** MySQL's unless it is said. */
  readonly dialect?: ReplayDialect;
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
  const { dialect = MYSQL_REPLAY, folder, target, signal } = request;
  await placeRelayLogs(folder, target.files);
  const own = dialect.settings?.(settings, folder) ?? settings;
  const server = await startScratch(own, folder, {
    timeoutMs: request.startTimeoutMs,
    queryMs: 60_000,
    database: request.database,
    args: dialect.arguments,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    // Sessions for the proof begin now: to apply the log, the server must ask new ones for passwords.
    await server.openQuestions();
    await request.onStarted?.(server.session);
    if (target.files.length > 0) await apply(server.session, settings, { ...request, dialect });
    const executed = await dialect.executed(server.session, target.base);
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
  request: ReplayRequest & { readonly dialect: ReplayDialect },
): Promise<void> {
  const { dialect, target, timeoutMs, signal } = request;
  // A server without grant tables refuses what the log holds of users; this session stays what it is.
  await session.run('flush privileges');
  await dialect.begin(session, target);
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    if (await dialect.isApplied(session, target)) break;
    const executed = await dialect.executed(session, target.base);
    request.onProgress?.(executed);
    assertApplying(await dialect.status(session));
    if (clock.monotonicMs() > deadlineMs) throw tooSlow(timeoutMs, executed, target.gtids);
  }
  await dialect.end(session);
}

function assertApplying({ row, isRunning }: Awaited<ReturnType<ReplayDialect['status']>>): void {
  const number = row.Last_SQL_Errno ?? '0';
  if (isRunning && number === '0') return;
  throw new OmpayError(
    'backupDamaged',
    `the log cannot be applied to this base: error ${number}, ${row.Last_SQL_Error ?? 'nothing runs'}`,
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
