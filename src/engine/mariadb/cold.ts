import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ArchiveEntry } from '../../core/archive.ts';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Captured, CaptureRequest } from '../engine.ts';
import { type Archive, abortable, BINLOG_INDEX, stillFiles } from '../mysql/files.ts';
import { serverUuidIn } from './identity.ts';

/** Written and locked by a running server: its tablespace, its log, and the system tables' log. */
const LIVE_FILES = ['ibdata1', 'ib_logfile0', 'aria_log_control'] as const;

/**
 * Copies the folder of a stopped server. No process keeps another from starting one: that the folder was still is
 * looked at afterwards. Throws `databaseUnavailable` when a server has it open or had meanwhile.
 */
export async function captureCold<T>(
  { dataFolder, clock }: { readonly dataFolder: string; readonly clock: Clock },
  { signal }: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  const serverUuid = await serverUuidIn(dataFolder);
  await assertNotOpen(dataFolder);
  const before = await stateOf(dataFolder);
  const logs = await binlogsOf(dataFolder);
  const last = logs.at(-1);
  const to = last === undefined ? '' : `${last}:${(await stat(join(dataFolder, last))).size}`;
  const entries = abortable(coldEntries(dataFolder, logs, clock), signal);
  const archived = await archive({ serverUuid, method: 'cold', entries });
  await assertNotOpen(dataFolder);
  if (before !== (await stateOf(dataFolder))) throw isOpen(dataFolder);
  return { archived, from: to, to, facts: null };
}

/** Only the last binary log comes along, which says whether a half-committed transaction counts. */
async function* coldEntries(
  dataFolder: string,
  logs: readonly string[],
  clock: Clock,
): AsyncGenerator<ArchiveEntry> {
  const last = logs.at(-1);
  const isLeftOut = (path: string): boolean =>
    path !== last && (logs.includes(path) || path.endsWith('.index') || path.endsWith('.state'));
  yield* stillFiles(dataFolder, isLeftOut);
  if (last === undefined) return;
  const content = Buffer.from(`./${last}\n`);
  yield { kind: 'file', path: BINLOG_INDEX, modifiedAtMs: clock.now(), sizeBytes: content.length, content };
}

/** Oldest first. Logs that lie elsewhere are not seen; a server that was stopped cleanly needs none. */
async function binlogsOf(dataFolder: string): Promise<readonly string[]> {
  const names = await readdir(dataFolder);
  const index = names.find((name) => name.endsWith('.index') && !name.includes('relay'));
  if (index === undefined) return [];
  const listed = (await readFile(join(dataFolder, index), 'utf8')).split('\n').map((line) => basename(line));
  return listed.filter((name) => names.includes(name));
}

/** Changes whenever a server was started on the folder. */
async function stateOf(dataFolder: string): Promise<string> {
  const states = LIVE_FILES.map(async (name) => {
    const { size, mtimeMs } = await stat(join(dataFolder, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(states)).join('\n');
}

/** proc_locks(5): each line names the file by its device and inode. */
async function assertNotOpen(dataFolder: string): Promise<void> {
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  for (const name of LIVE_FILES) {
    const { ino } = await stat(join(dataFolder, name));
    if (locks.split('\n').some((line) => line.includes(`:${ino} `))) throw isOpen(dataFolder);
  }
}

function isOpen(dataFolder: string): OmpayError {
  return new OmpayError('databaseUnavailable', `a server has ${dataFolder} open, but nobody answers`, {
    hint: 'wait until it has started or has stopped: systemctl status mariadb',
  });
}
