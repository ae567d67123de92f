import { rm } from 'node:fs/promises';
import { OmpayError } from '../core/errors.ts';
import { TargetRefusal } from '../engine/mysql/replay/refusal.ts';
import { parseLsn } from '../engine/pglite/control.ts';
import { listWalEpochs, type WalEpoch } from '../engine/postgres/wal/epochs.ts';
import { listSegments, segmentOf, showSegments, type WalSegment } from '../engine/postgres/wal/segments.ts';
import { findStop, type WalStop, type WalTarget } from '../engine/postgres/wal/target.ts';
import {
  type PublishedBackup,
  type RepositoryAccess,
  type RepositoryProblem,
  readPublished,
} from '../store/repository/published.ts';

/** A receiver's folder, and what its status said. */
export interface ReceivedWal {
  readonly root: string;
  readonly newest: { readonly epoch: number; readonly receivedLsn: string; readonly knownUntilMs: number };
}

export interface WalPointRequest {
  readonly target: WalTarget;
  readonly log: ReceivedWal;
  readonly programFolder: string;
  /** Absent; removed at the end. */
  readonly folder: string;
}

type Copies = readonly [PublishedBackup, ...PublishedBackup[]];

/** How a target is reached: from which base, by which log, and where replay ends. */
export interface WalPointPlan {
  /** Of one backup, in the order of the stores. */
  readonly copies: Copies;
  readonly epoch: WalEpoch;
  /** What replay needs of it. */
  readonly segments: readonly WalSegment[];
  readonly stop: WalStop;
  readonly knownUntilMs: number;
  /** Stores that could not be read: they may hold newer bases. */
  readonly unread: readonly RepositoryProblem[];
}

/**
 * The newest base backup from which the target can be reached exactly. Changes nothing. Throws TargetRefusal
 * (`notFound`) when there is none, `backupDamaged` when the log is damaged on the way.
 */
export async function planWalPoint(
  access: RepositoryAccess,
  request: WalPointRequest,
): Promise<WalPointPlan> {
  const { backups, problems } = await readPublished(access);
  const bases = basesOf(backups);
  if (bases.length === 0) throw problems[0]?.error ?? noBase();
  const epochs = (await listWalEpochs(request.log.root)).toReversed();
  let refused: TargetRefusal | undefined;
  for (const copies of bases) {
    for (const epoch of epochs) {
      if (epoch.serverUuid !== copies[0].manifest.serverUuid) continue;
      try {
        return { ...(await planFrom(copies, epoch, request)), unread: problems };
      } catch (error) {
        if (!(error instanceof TargetRefusal)) throw error;
        refused ??= error;
      } finally {
        await rm(request.folder, { recursive: true, force: true });
      }
    }
  }
  throw refused ?? noLog();
}

async function planFrom(
  copies: Copies,
  epoch: WalEpoch,
  { target, log, programFolder, folder }: WalPointRequest,
): Promise<Omit<WalPointPlan, 'unread'>> {
  const { from, to, startedAt } = copies[0].manifest;
  const base = { from: parseLsn(from), to: parseLsn(to), startedAtMs: Date.parse(startedAt) };
  const all = await listSegments(epoch.folder, epoch.timeline);
  const segments = all.filter(({ number }) => number >= segmentOf(base.from));
  await showSegments(epoch.folder, segments, folder);
  const isNewest = epoch.number === log.newest.epoch;
  const knownUntilMs = isNewest ? log.newest.knownUntilMs : 0;
  const received = isNewest && log.newest.receivedLsn !== '' ? parseLsn(log.newest.receivedLsn) : 0n;
  const search = { programFolder, epoch, segments, folder, base, target, received, knownUntilMs };
  const stop = await findStop(search);
  const needed = segments.filter(({ number }) => number <= segmentOf(stop.lsn) + 1n);
  return { copies, epoch, segments: needed, stop, knownUntilMs };
}

/** Newest first. A cold copy has no end that is known to be consistent. */
function basesOf(backups: readonly PublishedBackup[]): readonly Copies[] {
  const usable = backups.filter(
    ({ manifest }) => manifest.engine === 'postgres' && manifest.method === 'online',
  );
  const byId = Map.groupBy(usable, ({ manifest }) => manifest.id);
  return [...byId.values()]
    .flatMap(([first, ...others]) => (first === undefined ? [] : ([[first, ...others]] satisfies Copies[])))
    .reverse();
}

function noBase(): OmpayError {
  return new OmpayError('notFound', 'there is no base backup of PostgreSQL', {
    hint: 'ompay backup create -e ENVIRONMENT',
  });
}

function noLog(): OmpayError {
  return new OmpayError('notFound', 'no log of the server was received', {
    hint: 'ompay backup stream -e ENVIRONMENT; without a log: ompay restore --into FOLDER',
  });
}
