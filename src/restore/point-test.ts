import { randomInt } from 'node:crypto';
import { OmpayError } from '../core/errors.ts';
import { gtidSetText, gtidText } from '../engine/mysql/gtid-set.ts';
import { TargetRefusal } from '../engine/mysql/replay/refusal.ts';
import type { RepositoryAccess } from '../store/repository/published.ts';
import { type PointDeps, type PointRestored, restorePoint } from './point.ts';
import { type LogSource, type PointPlan, planPoint } from './point-plan.ts';
import { microTime } from './point-target.ts';

/** What it takes to replay the log that one store has. */
export interface LoggedCopy {
  readonly scratch: PointDeps['scratch'];
  readonly source: LogSource;
}

export interface RandomPoint {
  readonly restored: PointRestored;
  readonly plan: PointPlan;
  /** Up to when a restore would have brought everything back, epoch milliseconds. */
  readonly wholeUntilMs: number;
  readonly gtid: string;
  readonly committedAt: string;
}

/**
 * Restores to a random moment between a base and the end of its log, so that each test is of another one. Undefined where
 * the store has no log. Throws TargetRefusal when a log is there and leads nowhere.
 */
export async function restoreRandomPoint(
  deps: RepositoryAccess & Omit<PointDeps, 'scratch'>,
  { scratch, source }: LoggedCopy,
  request: { readonly into: string; readonly signal?: AbortSignal },
): Promise<RandomPoint | undefined> {
  const fetched = fetchedOnce(source);
  const latest = await latestPlan(deps, fetched);
  if (latest?.resolved.last === undefined) return undefined;
  const plan = await randomPlan(deps, fetched, latest);
  const restored = await restorePoint({ ...deps, scratch }, plan, request);
  const last = plan.resolved.last ?? latest.resolved.last;
  const committedAt = microTime(last.committedAtMs);
  const wholeUntilMs = Math.max(latest.knownUntilMs, latest.resolved.last.committedAtMs);
  return { restored, plan, wholeUntilMs, gtid: gtidText(last.gtid), committedAt };
}

/** Undefined without a base or a log at all; a log that does not fit is a failure. */
async function latestPlan(access: RepositoryAccess, source: LogSource): Promise<PointPlan | undefined> {
  try {
    return await planPoint(access, { target: { kind: 'latest' }, sources: [source] });
  } catch (error) {
    const isWithout = error instanceof OmpayError && error.code === 'notFound';
    if (isWithout && !(error instanceof TargetRefusal)) return undefined;
    throw error;
  }
}

/** It is planned twice, and read once. */
function fetchedOnce(source: LogSource): LogSource {
  const opened = new Map<string, ReturnType<LogSource['open']>>();
  return {
    name: source.name,
    open: (serverUuid, base) => {
      const key = `${serverUuid} ${gtidSetText(base)}`;
      const known = opened.get(key) ?? source.open(serverUuid, base);
      opened.set(key, known);
      return known;
    },
  };
}

/** The end of the log when the moment is one that no exact transaction has (clocks that were set back). */
async function randomPlan(
  access: RepositoryAccess,
  source: LogSource,
  latest: PointPlan,
): Promise<PointPlan> {
  const fromMs = Date.parse(latest.copies[0].manifest.finishedAt);
  const lengthMs = Math.floor((latest.resolved.last?.committedAtMs ?? 0) - fromMs);
  if (lengthMs < 2) return latest;
  try {
    const target = { kind: 'time', atMs: fromMs + randomInt(lengthMs) } as const;
    return await planPoint(access, { target, sources: [source] });
  } catch (error) {
    if (error instanceof TargetRefusal) return latest;
    throw error;
  }
}
