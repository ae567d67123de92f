import { isoTime } from '../core/clock.ts';
import { ulid } from '../core/ids.ts';
import { appendCatalog } from '../store/repository/catalog.ts';
import { type PublishedBackup, readPublished } from '../store/repository/published.ts';
import { dropIntent, recordIntent, removeBase } from './intent.ts';
import { keptBy, type Retention } from './retention.ts';
import type { Backup, BackupDeps } from './types.ts';
import { withWork } from './work.ts';

export interface PruneDecision {
  readonly backup: string;
  readonly reason: string;
}

export interface PrunePlan {
  readonly keep: readonly PruneDecision[];
  readonly remove: readonly PruneDecision[];
  /** Why nothing is removed although the rules would; null when they may. */
  readonly refusal: string | null;
}

export interface PrunePolicy {
  readonly retention: Retention;
  readonly nowMs: number;
  /** When the newest is older, no new ones are being made, and the old ones are all there is. */
  readonly staleAfterMs: number;
}

/**
 * Pure. Keeps what the retention says, and always the newest that has a copy nobody found wrong. Removes nothing when
 * the clock is before the newest backup, or so far after it that either the clock jumped or backups have stopped.
 */
export function planPrune(backups: readonly Backup[], policy: PrunePolicy): PrunePlan {
  const newestFirst = backups.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  const kept = keptBy(newestFirst, policy.retention);
  const newestProven = newestFirst.find(({ copies }) =>
    copies.some(({ failedAt }) => failedAt === undefined),
  );
  const refusal = refusalOf(newestFirst[0], policy);
  const decisions = newestFirst.map((backup) => {
    const rule =
      kept.get(backup.id) ?? (backup === newestProven ? 'the newest that no check found wrong' : undefined);
    return { backup: backup.id, rule };
  });
  return {
    keep: decisions.flatMap(({ backup, rule }) => {
      if (rule !== undefined) return [{ backup, reason: rule }];
      return refusal === null ? [] : [{ backup, reason: refusal }];
    }),
    remove: decisions.flatMap(({ backup, rule }) =>
      rule === undefined && refusal === null ? [{ backup, reason: 'no rule of the retention keeps it' }] : [],
    ),
    refusal: decisions.some(({ rule }) => rule === undefined) ? refusal : null,
  };
}

function refusalOf(newest: Backup | undefined, { nowMs, staleAfterMs }: PrunePolicy): string | null {
  if (newest === undefined) return null;
  if (newest.startedAt > isoTime(nowMs)) return 'the clock is before the newest backup: nothing is removed';
  if (nowMs - Date.parse(newest.finishedAt) <= staleAfterMs) return null;
  const hours = Math.floor((nowMs - Date.parse(newest.finishedAt)) / 3_600_000);
  return `the newest backup is ${hours} h old: the clock jumped, or no new ones are made; nothing is removed`;
}

/**
 * Removes what the plan says from every store; the catalogue keeps the reason. Returns how many copies went. A store that
 * is away keeps its copies until it is healed.
 */
export function pruneBackups(deps: BackupDeps, plan: PrunePlan): Promise<number> {
  return withWork(deps, { run: ulid(deps.clock.now()), reason: 'prune backups' }, async () => {
    const reasons = new Map(plan.remove.map(({ backup, reason }) => [backup, reason]));
    let removed = 0;
    const { backups } = await readPublished(deps);
    for (const place of backups) {
      const reason = reasons.get(place.manifest.id);
      if (reason === undefined) continue;
      await prunePlace(deps, place, reason);
      removed += 1;
    }
    return removed;
  });
}

/** One copy: the catalogue first, so that a killed pruning is finished by the next run. The caller holds the lock. */
export async function prunePlace(
  deps: BackupDeps,
  { store, repository, base, manifest, manifestSha256 }: PublishedBackup,
  reason: string,
): Promise<void> {
  const backup = manifest.id;
  await recordIntent(deps.workFolder, { backup, repository, base });
  const at = isoTime(deps.clock.now());
  await appendCatalog(store, repository, { event: 'pruned', at, backup, base, manifestSha256, reason }, deps);
  await removeBase(store, base);
  await dropIntent(deps.workFolder, backup);
}
