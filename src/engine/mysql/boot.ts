import { readdir } from 'node:fs/promises';
import type { BootedDatabase, BootRequest } from '../engine.ts';
import { BINLOG_INDEX } from './files.ts';
import { startScratch } from './server.ts';
import type { MysqlSettings } from './settings.ts';

const QUERY_TIMEOUT_MS = 10 * 60_000;
/** Eight times the memory makes the proof of 1 GB a sixth quicker (16.2 s, 13.5 s), and may be another's on this machine. */
const MODEST = [
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-buffer-size=4M',
  '--innodb-flush-method=fsync',
  '--table-open-cache=256',
];

/** Starts a server of our own on an extracted copy, on a socket that nobody else knows. */
export async function bootMysql(
  settings: Pick<MysqlSettings, 'serverCommand' | 'clock' | 'database'>,
  folder: string,
  request: BootRequest,
): Promise<BootedDatabase> {
  const server = await startScratch(settings, folder, {
    ...request,
    queryMs: QUERY_TIMEOUT_MS,
    database: settings.database,
    args: [...MODEST, ...(await logArguments(folder))],
  });
  try {
    const [serverVersion = ''] = await server.session.values("select concat('MySQL ', version())");
    const { socketPath, stop } = server;
    return { ...(await server.openQuestions()), serverVersion, socketPath, stop };
  } catch (error) {
    await server.stop('kill');
    throw error;
  }
}

/** A cold copy has its last binary log, which says whether a half-committed transaction counts. A clone has none. */
export async function logArguments(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  if (!names.includes(BINLOG_INDEX)) return ['--skip-log-bin'];
  const log = names.find((name) => /\.\d{6,}$/.test(name)) ?? 'binlog.000001';
  return [`--log-bin=${log.replace(/\.\d+$/, '')}`, `--log-bin-index=${BINLOG_INDEX}`];
}
