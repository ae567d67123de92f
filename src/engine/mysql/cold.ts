import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveEntry } from '../../core/archive.ts';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Captured, CaptureRequest } from '../engine.ts';
import { gtidsAfter, scanSegment, segmentNumber } from './binlog/segment.ts';
import { type Archive, abortable, BINLOG_INDEX, stillFiles } from './files.ts';
import { gtidSetText } from './gtid-set.ts';
import type { MysqlSettings } from './settings.ts';

/** InnoDB locks it while a server runs. */
const SYSTEM_TABLESPACE = 'ibdata1';

/**
 * Copies the folder of a stopped server. No process keeps another from starting one: that the folder was still is
 * looked at afterwards. Throws `databaseUnavailable` when a server has it open or had meanwhile.
 */
export async function captureCold<T>(
  { dataFolder = '', clock }: MysqlSettings,
  { signal }: CaptureRequest,
  archive: Archive<T>,
): Promise<Captured<T>> {
  await assertNotOpen(dataFolder);
  const before = await stateOf(dataFolder);
  const logs = await binlogsOf(dataFolder);
  const last = logs.at(-1);
  const to = last === undefined ? '' : gtidSetText(gtidsAfter(await scanSegment(join(dataFolder, last))));
  const serverUuid = await uuidOf(dataFolder);
  const entries = abortable(coldEntries(dataFolder, logs, clock), signal);
  const archived = await archive({ serverUuid, method: 'cold', entries });
  await assertNotOpen(dataFolder);
  if (before !== (await stateOf(dataFolder))) throw isOpen(dataFolder);
  return { archived, from: to, to, facts: null };
}

/** Only the last binary log comes along: recovery reads no other. */
async function* coldEntries(
  dataFolder: string,
  logs: readonly string[],
  clock: Clock,
): AsyncGenerator<ArchiveEntry> {
  const last = logs.at(-1);
  const isLeftOut = (path: string): boolean =>
    path !== last && (logs.includes(path) || path.endsWith('.index'));
  yield* stillFiles(dataFolder, isLeftOut);
  if (last === undefined) return;
  const content = Buffer.from(`./${last}\n`);
  yield { kind: 'file', path: BINLOG_INDEX, modifiedAtMs: clock.now(), sizeBytes: content.length, content };
}

/** Ascending. Logs that lie elsewhere are not seen; a server that was stopped cleanly needs none. */
async function binlogsOf(dataFolder: string): Promise<readonly string[]> {
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

async function uuidOf(dataFolder: string): Promise<string> {
  const text = await readFile(join(dataFolder, 'auto.cnf'), 'utf8');
  return /^server-uuid\s*=\s*(\S+)/m.exec(text)?.[1] ?? '';
}

/** Changes whenever a server was started on the folder. */
async function stateOf(dataFolder: string): Promise<string> {
  const redo = join(dataFolder, '#innodb_redo');
  const paths = [
    join(dataFolder, SYSTEM_TABLESPACE),
    ...(await readdir(redo)).map((name) => join(redo, name)),
  ];
  const states = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return `${path} ${size} ${mtimeMs}`;
    }),
  );
  return states.join('\n');
}

/** proc_locks(5): each line names the file by its device and inode. */
async function assertNotOpen(dataFolder: string): Promise<void> {
  const { ino } = await stat(join(dataFolder, SYSTEM_TABLESPACE));
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  if (locks.split('\n').some((line) => line.includes(`:${ino} `))) throw isOpen(dataFolder);
}

function isOpen(dataFolder: string): OmpayError {
  return new OmpayError('databaseUnavailable', `a server has ${dataFolder} open, but nobody answers`, {
    hint: 'wait until it has started or has stopped: systemctl status mysql',
  });
}
