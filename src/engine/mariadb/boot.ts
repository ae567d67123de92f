import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BootedDatabase, BootRequest } from '../engine.ts';
import { logArguments } from '../mysql/boot.ts';
import { MYSQLD, startScratch } from '../mysql/server.ts';
import type { ScratchProgram } from '../scratch-process.ts';
import type { MariadbSettings } from './settings.ts';

const QUERY_TIMEOUT_MS = 10 * 60_000;
/** What the server must be given to read the files (page size, tablespaces); mariadb-backup writes it down. */
const COPIED_OPTIONS = 'backup-my.cnf';

const MARIADBD: ScratchProgram = { ...MYSQLD, packageName: 'mariadb-server' };

/** Starts a server of our own on an extracted copy, on a socket that nobody else knows. */
export async function bootMariadb(
  settings: Pick<MariadbSettings, 'serverCommand' | 'clock' | 'database'>,
  folder: string,
  request: BootRequest,
): Promise<BootedDatabase> {
  const { clock, database } = settings;
  const [program, ...first] = settings.serverCommand;
  const options = join(folder, COPIED_OPTIONS);
  const defaults = existsSync(options) ? `--defaults-file=${options}` : '--no-defaults';
  const server = await startScratch({ serverCommand: [program, defaults, ...first], clock }, folder, {
    ...request,
    queryMs: QUERY_TIMEOUT_MS,
    database,
    args: await logArguments(folder),
    program: MARIADBD,
  });
  try {
    const [serverVersion = ''] = await server.session.values("select concat('MariaDB ', version())");
    const { socketPath, stop } = server;
    return { ...(await server.openQuestions()), serverVersion, socketPath, stop };
  } catch (error) {
    await server.stop('kill');
    throw error;
  }
}
