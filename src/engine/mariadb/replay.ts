import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type GtidSet, gtidSetText, parseGtidSet } from '../mysql/gtid-set.ts';
import { bufferPool } from '../mysql/memory.ts';
import { LOOK_EVERY_S, RELAY, type ReplayDialect } from '../mysql/replay/replay.ts';
import type { ResolvedTarget } from '../mysql/replay/target.ts';
import type { ScratchSettings } from '../mysql/server.ts';
import type { MysqlSession } from '../mysql/session.ts';

/** What the server must be given to read the files (page size, tablespaces); mariadb-backup writes it down. */
const COPIED_OPTIONS = 'backup-my.cnf';

/** As MySQL's: nothing of a replay needs to survive a crash. */
const REPLAY_ARGUMENTS = [
  bufferPool({ share: 1 / 8, mostMib: 2048 }),
  '--skip-log-bin',
  `--relay-log=${RELAY}`,
  `--relay-log-index=${RELAY}.index`,
  '--relay-log-purge=OFF',
  '--relay-log-recovery=OFF',
  '--skip-slave-start',
  '--replicate-same-server-id',
  '--slave-parallel-threads=0',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=OFF',
] as const;

/** mariadbd with what the copy in `folder` says of its server. */
export function scratchOf<Settings extends ScratchSettings>(settings: Settings, folder: string): Settings {
  const [program, ...first] = settings.serverCommand;
  const options = join(folder, COPIED_OPTIONS);
  const defaults = existsSync(options) ? `--defaults-file=${options}` : '--no-defaults';
  return { ...settings, serverCommand: [program, defaults, ...first] };
}

/**
 * MariaDB passes over no transaction that the base has: the relay logs are read from the first that it has not. Its
 * position (`gtid_slave_pos`) goes on from the base's with each transaction that is applied, and stays in the database.
 */
export const MARIADB_REPLAY: ReplayDialect = {
  arguments: REPLAY_ARGUMENTS,
  settings: scratchOf,
  begin: async (session, { base, firstOffset }) => {
    await session.run(`set global gtid_slave_pos = '${gtidSetText(base)}'`);
    await session.run(
      `change master to master_host = 'none', master_use_gtid = no, relay_log_file = '${RELAY}.000001', relay_log_pos = ${firstOffset}`,
    );
    await session.run('start slave sql_thread');
  },
  isApplied: async (session, target) => {
    const wanted = gtidSetText(target.gtids);
    const [timedOut] = await session.values(`select master_gtid_wait('${wanted}', ${LOOK_EVERY_S})`);
    return timedOut === '0' && (await isAtEnd(session, target));
  },
  executed: async (session, base) => {
    const [position = ''] = await session.values('select @@global.gtid_slave_pos');
    return heldBy(position, base);
  },
  status: async (session) => {
    const [row = {}] = (await session.rows('show slave status')) ?? [];
    return { row, isRunning: row.Slave_SQL_Running === 'Yes' };
  },
  end: async (session) => {
    await session.run('stop slave');
    await session.run('reset slave all');
  },
};

/** Without a replay the position was never told to the server. */
function heldBy(position: string, base: GtidSet): GtidSet {
  return position === '' ? base : parseGtidSet(position);
}

/** The last byte was read too: nothing of the relay logs is left. */
async function isAtEnd(session: MysqlSession, { files }: ResolvedTarget): Promise<boolean> {
  const [row = {}] = (await session.rows('show slave status')) ?? [];
  const last = `${RELAY}.${String(files.length).padStart(6, '0')}`;
  const isThere = row.Relay_Log_File?.endsWith(last) ?? false;
  return isThere && Number(row.Relay_Log_Pos) === files.at(-1)?.sizeBytes;
}
