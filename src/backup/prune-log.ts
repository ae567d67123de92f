import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { ulid } from '../core/ids.ts';
import { type EpochFolder, listEpochs, removeEpoch } from '../engine/mysql/binlog/epochs.ts';
import { previousGtidsOf, segmentNumber } from '../engine/mysql/binlog/segment.ts';
import { parseGtidSet } from '../engine/mysql/gtid-set.ts';
import {
  listSentFiles,
  type OpenedChunk,
  readChunkRecord,
  removeSentFile,
  type SentFile,
} from '../store/repository/log.ts';
import { type RepositoryAccess, repositoriesOf } from '../store/repository/published.ts';
import type { Store } from '../store/store.ts';
import type { CopyFailure } from './capture.ts';
import { type LogDrop, type LogEpoch, planLogDrop } from './log-retention.ts';
import type { Backup, BackupDeps } from './types.ts';
import { withWork } from './work.ts';

/** What of one epoch goes from one place. */
export interface LogPruning extends LogDrop {
  /** The name of a store, or the receiver's folder. */
  readonly place: string;
  readonly remove: () => Promise<void>;
}

export interface LogPrunePlan {
  readonly prunings: readonly LogPruning[];
  /** Stores that could not be looked at: nothing goes there. */
  readonly failures: readonly CopyFailure[];
}

/**
 * The log that no kept backup needs, in each store and in the receiver's folder. Changes nothing.
 * @param root the receiver's folder; it need not be there.
 */
export async function planLogPrune(
  access: RepositoryAccess,
  kept: readonly Backup[],
  root: string,
): Promise<LogPrunePlan> {
  const prunings: LogPruning[] = [];
  const failures: CopyFailure[] = [];
  for (const store of access.stores) {
    try {
      prunings.push(...(await planStore(access, store, kept)));
    } catch (error) {
      failures.push({ store: store.name, error });
    }
  }
  return { prunings: [...prunings, ...(await planFolder(root, kept))], failures };
}

/** The stores first: what the receiver has alone would be sent anew. Returns how many files went. */
export function pruneLog(deps: BackupDeps, { prunings }: LogPrunePlan): Promise<number> {
  return withWork(deps, { run: ulid(deps.clock.now()), reason: 'prune the log' }, async () => {
    for (const { remove } of prunings) await remove();
    return prunings.reduce((sum, { files }) => sum + files.length, 0);
  });
}

async function planStore(
  access: RepositoryAccess,
  store: Store,
  kept: readonly Backup[],
): Promise<readonly LogPruning[]> {
  const epochs: LogEpoch[] = [];
  const filesOf = new Map<string, readonly SentFile[]>();
  for (const repository of await repositoriesOf(store, access.site)) {
    const byEpoch = Map.groupBy(await listSentFiles(store, repository), ({ epoch }) => epoch);
    for (const [name, files] of byEpoch) {
      const epoch = await sentEpoch({ access, store, repository }, name, files);
      if (epoch === undefined) continue;
      epochs.push(epoch);
      filesOf.set(epoch.name, files);
    }
  }
  return planLogDrop(epochs, kept).map((drop) => ({
    ...drop,
    place: store.name,
    remove: async () => {
      for (const each of filesOf.get(drop.epoch) ?? [])
        if (drop.files.includes(each.file)) await removeSentFile(store, each);
    },
  }));
}

interface RepositoryPlace {
  readonly access: RepositoryAccess;
  readonly store: Store;
  readonly repository: string;
}

/** Undefined while nothing of it was finished. */
async function sentEpoch(
  place: RepositoryPlace,
  name: string,
  files: readonly SentFile[],
): Promise<LogEpoch | undefined> {
  const inOrder = files.toSorted((a, b) => bySegment(a.file, b.file));
  const records = new Map<string, OpenedChunk>();
  for (const each of inOrder) {
    const record = await recordOf(place, each);
    if (record !== undefined) records.set(each.file, record);
  }
  const [any] = records.values();
  if (any === undefined) return undefined;
  return {
    name,
    serverUuid: any.serverUuid,
    startedAt: any.epochStartedAt,
    lastAddedAt: isoTime(Math.max(...files.map(({ modifiedAtMs }) => modifiedAtMs))),
    files: inOrder.map(({ file }) => {
      const record = records.get(file);
      return { name: file, previous: record === undefined ? null : parseGtidSet(record.previousGtids) };
    }),
  };
}

/** Of the file's beginning; undefined where there is none that is right. */
async function recordOf(
  { access, store, repository }: RepositoryPlace,
  { chunks }: SentFile,
): Promise<OpenedChunk | undefined> {
  const first = chunks.find(({ from }) => from === 0);
  if (first === undefined) return undefined;
  try {
    return await readChunkRecord({ store, repository, verificationKey: access.verificationKey }, first);
  } catch (error) {
    if (error instanceof OmpayError && error.code === 'backupDamaged') return undefined;
    throw error;
  }
}

async function planFolder(root: string, kept: readonly Backup[]): Promise<readonly LogPruning[]> {
  if (!existsSync(root)) return [];
  const folders = new Map<string, EpochFolder>();
  const epochs: LogEpoch[] = [];
  for (const folder of await listEpochs(root)) {
    const epoch = await receivedEpoch(folder);
    epochs.push(epoch);
    folders.set(epoch.name, folder);
  }
  return planLogDrop(epochs, kept).map((drop) => ({
    ...drop,
    place: root,
    remove: async () => {
      const folder = folders.get(drop.epoch);
      if (folder === undefined) return;
      if (drop.isWhole) await removeEpoch(root, folder);
      else await removeReceived(folder, drop.files);
    },
  }));
}

async function receivedEpoch(epoch: EpochFolder): Promise<LogEpoch> {
  const { folder, number, segments, serverUuid, startedAt } = epoch;
  const files: LogEpoch['files'][number][] = [];
  let lastMs = Date.parse(startedAt);
  for (const name of segments) {
    const path = join(folder, name);
    files.push({ name, previous: (await previousGtidsOf(path)) ?? null });
    lastMs = Math.max(lastMs, (await stat(path)).mtimeMs);
  }
  return { name: String(number), serverUuid, startedAt, lastAddedAt: isoTime(lastMs), files };
}

/** With the torn ends that were kept beside them. */
async function removeReceived({ folder }: EpochFolder, files: readonly string[]): Promise<void> {
  for (const name of await readdir(folder))
    if (files.some((file) => name === file || name.startsWith(`${file}.torn-`)))
      await rm(join(folder, name), { force: true });
}

function bySegment(a: string, b: string): number {
  return (segmentNumber(a) ?? 0) - (segmentNumber(b) ?? 0);
}
