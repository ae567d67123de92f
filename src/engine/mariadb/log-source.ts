import type { MysqlAccess } from '../mysql/access.ts';
import type { DumpDialect } from '../mysql/binlog/dump.ts';
import { filesOf, LIMITS, type LogDialect, type LogSource, unfit } from '../mysql/binlog/source.ts';
import { type GtidSet, NO_GTIDS, parseGtidSet } from '../mysql/gtid-set.ts';
import { type MysqlSession, openSession } from '../mysql/session.ts';
import { assertDataFolder, serverUuidIn } from './identity.ts';

/** BINLOG_SEND_ANNOTATE_ROWS_EVENT: without it the server leaves events out, and files would not be equal to its own. */
const WITH_ANNOTATIONS = 2;

const DUMP: DumpDialect = {
  variables: ({ heartbeatMs, semiSync }) => [
    // MARIA_SLAVE_CAPABILITY_GTID: every event is sent as it stands.
    '@mariadb_slave_capability = 4',
    `@master_heartbeat_period = ${heartbeatMs * 1_000_000}`,
    "@master_binlog_checksum = 'CRC32'",
    ...(semiSync ? ['@rpl_semi_sync_slave = 1'] : []),
  ],
  flags: WITH_ANNOTATIONS,
};

/** Of the server whose data folder this is: its UUID stands there alone. */
export function mariadbLog(dataFolder: string): LogDialect {
  return { ...DUMP, readSource: (access) => readSource(access, dataFolder) };
}

/** Throws `stateUnusable` when the log cannot be followed exactly, `configInvalid` of another data folder, `databaseUnavailable`. */
async function readSource(access: MysqlAccess, dataFolder: string): Promise<LogSource> {
  const session = await openSession(access, LIMITS);
  try {
    await assertDataFolder(session, access, dataFolder);
    const [checksum, encrypted, semiSync, executed = ''] = await session.values(
      'select @@binlog_checksum, @@encrypt_binlog, @@rpl_semi_sync_master_enabled, @@gtid_binlog_pos',
    );
    if (checksum !== 'CRC32') throw unfit(`binlog_checksum is ${checksum}`, 'binlog_checksum=CRC32');
    if (encrypted !== '0') throw unfit('it is encrypted, and is sent otherwise', 'encrypt_binlog=OFF');
    const files = await filesOf(session);
    return {
      serverUuid: await serverUuidIn(dataFolder),
      executed: parseGtidSet(executed),
      purged: await listBefore(session, files[0]?.name ?? ''),
      files,
      hasSemiSync: semiSync === '1',
    };
  } finally {
    session.close();
  }
}

/** The list of GTIDs at the beginning of the oldest file: all that was committed before, and is in no file. */
async function listBefore(session: MysqlSession, file: string): Promise<GtidSet> {
  const rows = (await session.rows(`show binlog events in '${file}' limit 3`)) ?? [];
  const list = rows.find((row) => row.Event_type === 'Gtid_list')?.Info ?? '';
  const gtids = list.replace(/^\[|\]$/g, '');
  return gtids === '' ? NO_GTIDS : parseGtidSet(gtids);
}
