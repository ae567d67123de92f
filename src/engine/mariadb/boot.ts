import type { BootedDatabase, BootRequest } from '../engine.ts';
import { logArguments } from '../mysql/boot.ts';
import { MYSQLD, startScratch } from '../mysql/server.ts';
import type { ScratchProgram } from '../scratch-process.ts';
import { scratchOf } from './replay.ts';
import type { MariadbSettings } from './settings.ts';

const QUERY_TIMEOUT_MS = 10 * 60_000;

const MARIADBD: ScratchProgram = { ...MYSQLD, packageName: 'mariadb-server' };

/** Starts a server of our own on an extracted copy, on a socket that nobody else knows. */
export async function bootMariadb(
  settings: Pick<MariadbSettings, 'serverCommand' | 'clock' | 'database'>,
  folder: string,
  request: BootRequest,
): Promise<BootedDatabase> {
  const { clock, database } = settings;
  const server = await startScratch(
    scratchOf({ serverCommand: settings.serverCommand, clock }, folder),
    folder,
    {
      ...request,
      queryMs: QUERY_TIMEOUT_MS,
      database,
      args: await logArguments(folder),
      program: MARIADBD,
    },
  );
  try {
    const [serverVersion = ''] = await server.session.values("select concat('MariaDB ', version())");
    const { socketPath, stop } = server;
    return { ...(await server.openQuestions()), serverVersion, socketPath, stop };
  } catch (error) {
    await server.stop('kill');
    throw error;
  }
}
