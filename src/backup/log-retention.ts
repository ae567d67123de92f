import { areEqual, contains, type GtidSet, isGtidSet, parseGtidSet } from '../engine/mysql/gtid-set.ts';
import type { Backup } from './types.ts';

/** A file of a received log in one place. */
export interface LogFile {
  /** `binlog.000123` */
  readonly name: string;
  /** What was committed before it; null when that cannot be read. */
  readonly previous: GtidSet | null;
}

/** An unbroken piece of a server's log in one place. */
export interface LogEpoch {
  readonly name: string;
  readonly serverUuid: string;
  readonly startedAt: string;
  /** When something was last added to it; ISO 8601. */
  readonly lastAddedAt: string;
  /** In order, the oldest first. */
  readonly files: readonly LogFile[];
}

export interface LogDrop {
  readonly epoch: string;
  readonly files: readonly string[];
  /** Nothing of the epoch is left. */
  readonly isWhole: boolean;
}

/**
 * Pure. What of the log in one place no kept backup needs. Within an epoch these are the files before the newest one that begins
 * strictly inside of every kept backup of that server: restoring reads no older one. An epoch goes whole when a later one
 * began, and it was last added to, before the oldest kept backup. The newest epoch never does, and of each other file the
 * last stays with it. Without a kept backup that says what it holds, nothing goes.
 */
export function planLogDrop(epochs: readonly LogEpoch[], kept: readonly Backup[]): readonly LogDrop[] {
  const bases = kept.filter(
    ({ engine, method }) => (engine === 'mysql' || engine === 'mariadb') && method === 'online',
  );
  const [oldestAt] = kept.map(({ startedAt }) => startedAt).toSorted();
  // Of a copy of MariaDB without GTIDs it is not known which log it needs.
  if (!bases.every(({ to }) => to === '' || isGtidSet(to))) return [];
  if (bases.length === 0 || oldestAt === undefined) return [];
  const inOrder = epochs.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  return inOrder.flatMap((epoch, index): readonly LogDrop[] => {
    const next = inOrder[index + 1];
    const isPast = next !== undefined && next.startedAt < oldestAt && epoch.lastAddedAt < oldestAt;
    if (isPast) return [{ epoch: epoch.name, files: namesOf(epoch.files), isWhole: true }];
    const held = bases.flatMap(({ serverUuid, to }) =>
      serverUuid === epoch.serverUuid ? [parseGtidSet(to)] : [],
    );
    const files = namesOf(filesBefore(epoch.files, held));
    return files.length === 0 ? [] : [{ epoch: epoch.name, files, isWhole: false }];
  });
}

function filesBefore(files: readonly LogFile[], held: readonly GtidSet[]): readonly LogFile[] {
  if (held.length === 0) return [];
  const first = files.findLastIndex(({ previous }) => {
    if (previous === null) return false;
    return held.every((base) => contains(base, previous) && !areEqual(base, previous));
  });
  return files.slice(0, Math.max(0, first));
}

function namesOf(files: readonly LogFile[]): readonly string[] {
  return files.map(({ name }) => name);
}
