import { OmpayError } from '../core/errors.ts';
import type { EpochFolder } from '../engine/mysql/binlog/epochs.ts';
import { type GtidSet, parseGtidSet } from '../engine/mysql/gtid-set.ts';
import {
  type ReplayTarget,
  type ResolvedTarget,
  resolveTarget,
  TargetRefusal,
} from '../engine/mysql/replay/target.ts';
import {
  type PublishedBackup,
  type RepositoryAccess,
  type RepositoryProblem,
  readPublished,
} from '../store/repository/published.ts';
import { isOfCopy } from './restore.ts';

/** A piece of a server's log on this disk. */
export interface ReadableEpoch {
  readonly epoch: EpochFolder;
  /** Up to when it is known that nothing is missing at its end; 0 when that is not known. */
  readonly knownUntilMs: number;
}

/** A place that has a received log. */
export interface LogSource {
  readonly name: string;
  /** The epochs of one server, newest first; what a base needs of them is fetched where it is not on this disk. */
  open(serverUuid: string, base: GtidSet): Promise<readonly ReadableEpoch[]>;
}

export interface PointRequest {
  readonly target: ReplayTarget;
  /** In the order in which they are tried. */
  readonly sources: readonly LogSource[];
}

/** How a target is reached: from which base, by which log. */
export interface PointPlan {
  /** Of one backup, in the order of the stores; never empty. */
  readonly copies: readonly [PublishedBackup, ...PublishedBackup[]];
  /** The name of the log's source. */
  readonly log: string;
  readonly epoch: EpochFolder;
  readonly knownUntilMs: number;
  readonly resolved: ResolvedTarget;
  /** Logs that were tried before. */
  readonly passedOver: readonly { readonly log: string; readonly error: unknown }[];
  /** Stores that could not be read: they may hold newer bases. */
  readonly unread: readonly RepositoryProblem[];
}

/**
 * The newest base backup from which the target can be reached exactly, and the log that leads there. Changes nothing.
 * Throws TargetRefusal (`notFound`) when there is none, `backupDamaged` when every log is damaged.
 */
export async function planPoint(access: RepositoryAccess, request: PointRequest): Promise<PointPlan> {
  const { backups, problems } = await readPublished(access);
  const bases = basesOf(backups);
  if (bases.length === 0) throw problems[0]?.error ?? noBase();
  const passedOver: { log: string; error: unknown }[] = [];
  for (const source of request.sources) {
    try {
      const found = await planFrom(source, bases, request.target);
      return { ...found, log: source.name, passedOver, unread: problems };
    } catch (error) {
      if (!isOfCopy(error)) throw error;
      passedOver.push({ log: source.name, error });
    }
  }
  // That the target is in no log says more than that one of them is not there.
  const refused = passedOver.find(({ error }) => error instanceof TargetRefusal) ?? passedOver[0];
  throw refused?.error ?? noLog();
}

type Base = PointPlan['copies'];

/** Newest first. A cold copy does not say which transactions it holds. */
function basesOf(backups: readonly PublishedBackup[]): readonly Base[] {
  const usable = backups.filter(
    ({ manifest }) => manifest.engine === 'mysql' && manifest.method === 'online',
  );
  const byId = Map.groupBy(usable, ({ manifest }) => manifest.id);
  return [...byId.values()]
    .flatMap(([first, ...others]) => (first === undefined ? [] : ([[first, ...others]] satisfies Base[])))
    .reverse();
}

/** Throws the refusal of the newest base when no base leads to the target. */
async function planFrom(
  source: LogSource,
  bases: readonly Base[],
  target: ReplayTarget,
): Promise<Pick<PointPlan, 'copies' | 'epoch' | 'knownUntilMs' | 'resolved'>> {
  const hopeless = new Set<string>();
  let first: TargetRefusal | undefined;
  for (const copies of bases) {
    const { serverUuid, to, finishedAt } = copies[0].manifest;
    const base = parseGtidSet(to);
    for (const { epoch, knownUntilMs } of await source.open(serverUuid, base)) {
      if (hopeless.has(epoch.folder)) continue;
      const baseWholeAtMs = Date.parse(finishedAt);
      try {
        const resolved = await resolveTarget({ epoch, base, target, knownUntilMs, baseWholeAtMs });
        return { copies, epoch, knownUntilMs, resolved };
      } catch (error) {
        if (!(error instanceof TargetRefusal)) throw error;
        first ??= error;
        if (!error.isOfBase) hopeless.add(epoch.folder);
      }
    }
  }
  throw first ?? noLog();
}

function noBase(): OmpayError {
  return new OmpayError('notFound', 'there is no base backup of MySQL', {
    hint: 'ompay backup create -e ENVIRONMENT',
  });
}

function noLog(): OmpayError {
  return new OmpayError('notFound', 'no log of the server was received', {
    hint: 'ompay backup stream -e ENVIRONMENT; without a log: ompay restore --into FOLDER',
  });
}
