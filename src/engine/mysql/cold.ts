import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveEntry } from '../../core/archive.ts';
import type { Clock } from '../../core/clock.ts';
import type { Captured, CaptureRequest } from '../engine.ts';
import { type Archive, abortable, BINLOG_INDEX, stillFiles } from './files.ts';
import { gtidSetText } from './gtid-set.ts';
import type { MysqlSettings } from './settings.ts';
import { assertNotOpen, binlogsIn, committedIn, isOpen, SYSTEM_TABLESPACE, serverUuidIn } from './stopped.ts';

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
  const logs = await binlogsIn(dataFolder);
  const to = gtidSetText(await committedIn(dataFolder));
  const serverUuid = await serverUuidIn(dataFolder);
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
