import { OmpayError } from '../../../core/errors.ts';
import type { MysqlAccess } from '../access.ts';
import { type GtidSet, parseGtidSet } from '../gtid-set.ts';
import { type MysqlSession, openSession } from '../session.ts';
import { type DumpDialect, MYSQL_DUMP } from './dump.ts';

export const LIMITS = { connectMs: 5000, queryMs: 10_000 };

/** What the server says of its binary log. */
export interface LogSource {
  readonly serverUuid: string;
  readonly executed: GtidSet;
  /** Committed once, and no longer in any of its files. */
  readonly purged: GtidSet;
  /** Oldest first. */
  readonly files: readonly SourceFile[];
  /** It waits for semi-synchronous replicas, or would. */
  readonly hasSemiSync: boolean;
}

/** What a receiver must know of the server's kind: the events themselves tell. */
export interface LogDialect extends DumpDialect {
  readonly readSource: (access: MysqlAccess) => Promise<LogSource>;
}

export interface SourceFile {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Throws `stateUnusable` when the log cannot be followed exactly, `databaseUnavailable`. */
async function readSource(access: MysqlAccess): Promise<LogSource> {
  const session = await openSession(access, LIMITS);
  try {
    const [serverUuid = '', mode, checksum, executed = '', purged = ''] = await session.values(
      'select @@server_uuid, @@gtid_mode, @@binlog_checksum, @@gtid_executed, @@gtid_purged',
    );
    if (mode !== 'ON') throw unfit(`gtid_mode is ${mode}`, 'gtid_mode=ON, enforce_gtid_consistency=ON');
    if (checksum !== 'CRC32') throw unfit(`binlog_checksum is ${checksum}`, 'binlog_checksum=CRC32');
    return {
      serverUuid,
      executed: parseGtidSet(executed),
      purged: parseGtidSet(purged),
      files: await filesOf(session),
      hasSemiSync: await hasSemiSync(session),
    };
  } finally {
    session.close();
  }
}

export const MYSQL_LOG: LogDialect = { ...MYSQL_DUMP, readSource };

export async function filesOf(session: MysqlSession): Promise<readonly SourceFile[]> {
  const rows = (await session.rows('show binary logs')) ?? [];
  const files = rows.map((row) => ({ name: row.Log_name ?? '', sizeBytes: Number(row.File_size) }));
  if (files.length === 0) throw unfit('it writes no binary log', 'log_bin=binlog');
  return files;
}

async function hasSemiSync(session: MysqlSession): Promise<boolean> {
  return ((await session.rows("show global variables like 'rpl_semi_sync_source_enabled'")) ?? []).length > 0;
}

export function unfit(why: string, setting: string): OmpayError {
  return new OmpayError('stateUnusable', `the server's log cannot be received: ${why}`, {
    hint: `set ${setting} in my.cnf of the database host and restart it`,
  });
}
