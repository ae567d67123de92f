import { OmpayError } from '../core/errors.ts';
import type { EpochFolder } from '../engine/mysql/binlog/epochs.ts';
import { type GtidSet, isGtidSet, parseGtidSet } from '../engine/mysql/gtid-set.ts';
import { TargetRefusal } from '../engine/mysql/replay/refusal.ts';
import { type ReplayTarget, type ResolvedTarget, resolveTarget } from '../engine/mysql/replay/target.ts';
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
  /** MySQL unless it is said. */
  readonly engine?: LoggedEngine;
}

/** Whose log is received. */
export type LoggedEngine = 'mysql' | 'mariadb';

/** MariaDB's log says only the second in which a transaction's last statement began. */
const RESOLUTION_MS = { mysql: 0, mariadb: 1000 } as const;

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
  const { engine = 'mysql' } = request;
  const bases = basesOf(backups, engine);
  if (bases.length === 0) throw problems[0]?.error ?? noBase(engine);
  const passedOver: { log: string; error: unknown }[] = [];
  for (const source of request.sources) {
    try {
      const found = await planFrom(source, bases, { target: request.target, engine });
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
function basesOf(backups: readonly PublishedBackup[], wanted: LoggedEngine): readonly Base[] {
  const usable = backups.filter(
    ({ manifest: { engine, method, to } }) => engine === wanted && method === 'online' && isGtidSet(to),
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
  { target, engine }: { readonly target: ReplayTarget; readonly engine: LoggedEngine },
): Promise<Pick<PointPlan, 'copies' | 'epoch' | 'knownUntilMs' | 'resolved'>> {
  const hopeless = new Set<string>();
  let first: TargetRefusal | undefined;
  for (const copies of bases) {
    const { serverUuid, to, startedAt, finishedAt } = copies[0].manifest;
    const base = parseGtidSet(to);
    for (const { epoch, knownUntilMs } of await source.open(serverUuid, base)) {
      if (hopeless.has(epoch.folder)) continue;
      const baseWholeAtMs = Date.parse(finishedAt);
      const begun = engine === 'mariadb' ? { baseBegunAtMs: Date.parse(startedAt) } : {};
      const of = { baseWholeAtMs, ...begun, resolutionMs: RESOLUTION_MS[engine] };
      try {
        const resolved = await resolveTarget({ epoch, base, target, knownUntilMs, ...of });
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

function noBase(engine: LoggedEngine): OmpayError {
  const what = engine === 'mysql' ? 'MySQL' : 'MariaDB with a binary log';
  return new OmpayError('notFound', `there is no base backup of ${what}`, {
    hint: 'ompay backup create -e ENVIRONMENT',
  });
}

function noLog(): OmpayError {
  return new OmpayError('notFound', 'no log of the server was received', {
    hint: 'ompay backup stream -e ENVIRONMENT; without a log: ompay restore --into FOLDER',
  });
}
