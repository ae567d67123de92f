import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { gtidsAfter, scanSegment, segmentNumber } from './binlog/segment.ts';
import { type GtidSet, NO_GTIDS } from './gtid-set.ts';

/** InnoDB locks it while a server runs. */
export const SYSTEM_TABLESPACE = 'ibdata1';

/**
 * What the server of a stopped data folder has committed, by its last binary log; nothing of a folder without any. Logs
 * that lie elsewhere are not seen.
 */
export async function committedIn(dataFolder: string): Promise<GtidSet> {
  const last = (await binlogsIn(dataFolder)).at(-1);
  return last === undefined ? NO_GTIDS : gtidsAfter(await scanSegment(join(dataFolder, last)));
}

/** The names of a data folder's own binary logs, ascending. */
export async function binlogsIn(dataFolder: string): Promise<readonly string[]> {
  const names = await readdir(dataFolder);
  const index = names.find((name) => name.endsWith('.index') && !name.includes('relay'));
  if (index === undefined) return [];
  const listed = (await readFile(join(dataFolder, index), 'utf8'))
    .split('\n')
    .map((line) => line.replace(/^.*\//, ''));
  return listed
    .filter((name) => names.includes(name))
    .toSorted((a, b) => (segmentNumber(a) ?? 0) - (segmentNumber(b) ?? 0));
}

/** The server's own name for itself. Throws ENOENT for a folder on which none was started yet. */
export async function serverUuidIn(dataFolder: string): Promise<string> {
  const text = await readFile(join(dataFolder, 'auto.cnf'), 'utf8');
  return /^server-uuid\s*=\s*(\S+)/m.exec(text)?.[1] ?? '';
}

/** Throws `databaseUnavailable` while a process has the folder's database open. proc_locks(5): files are named by inode. */
export async function assertNotOpen(dataFolder: string): Promise<void> {
  const inode = await stat(join(dataFolder, SYSTEM_TABLESPACE)).then(
    ({ ino }) => ino,
    (error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    },
  );
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  if (inode !== undefined && locks.split('\n').some((line) => line.includes(`:${inode} `)))
    throw isOpen(dataFolder);
}

export function isOpen(dataFolder: string): OmpayError {
  return new OmpayError('databaseUnavailable', `a server has ${dataFolder} open, but nobody answers`, {
    hint: 'wait until it has started or has stopped: systemctl status mysql',
  });
}
