import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { type MysqlAccess, shownPlace } from '../mysql/access.ts';
import type { MysqlSession } from '../mysql/session.ts';

const CONTROL_FILE = 'aria_log_control';
/** storage/maria/ma_control_file.h: FE FE 0C, the format's version, then 16 bytes. */
const MAGIC = Buffer.from([0xfe, 0xfe, 0x0c]);
const UUID_OFFSET = 4;
const UUID_BYTES = 16;

/**
 * MariaDB 10.11 has no server_uuid. Its Aria engine, which holds the system's tables, draws one when the data folder is
 * made and keeps it ever after. Throws `stateUnusable` when the folder has none.
 */
export async function serverUuidIn(dataFolder: string): Promise<string> {
  const path = join(dataFolder, CONTROL_FILE);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(`${path} cannot be read: ${messageOf(cause)}`, cause);
  });
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || bytes.length < UUID_OFFSET + UUID_BYTES) {
    throw unreadable(`${path} is not what MariaDB writes`);
  }
  const hex = bytes.toString('hex', UUID_OFFSET, UUID_OFFSET + UUID_BYTES);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Who answers and whose files are read must be one: a copy of another server's files would be proven by chance at best. */
export async function assertDataFolder(
  session: MysqlSession,
  source: MysqlAccess,
  dataFolder: string,
): Promise<void> {
  const [claimed = ''] = await session.values('select @@datadir');
  if (join(claimed, '.') === join(dataFolder, '.')) return;
  const what = `the server at ${shownPlace(source)} has its data in ${claimed}, not in ${dataFolder}`;
  throw new OmpayError('configInvalid', what, {
    hint: `set copies.data_folder: ${claimed} in ompay.yml`,
  });
}

function unreadable(what: string, cause?: unknown): OmpayError {
  return new OmpayError('stateUnusable', what, {
    hint: "mariadb-backup reads the server's files: run ompay on the database's host, as root or mysql",
    cause,
  });
}
