import { isoTime } from '../core/clock.ts';
import { ulid } from '../core/ids.ts';
import { appendCatalog } from '../store/repository/catalog.ts';
import { readPublished } from '../store/repository/published.ts';
import { dropIntent, recordIntent, removeBase } from './intent.ts';
import type { Backup, BackupDeps } from './types.ts';
import { withWork } from './work.ts';

export interface PruneDecision {
  readonly backup: string;
  readonly reason: string;
}

export interface PrunePlan {
  readonly keep: readonly PruneDecision[];
  readonly remove: readonly PruneDecision[];
}

/** Pure. Keeps the newest `keepLast` (at least 1), and always the newest that has a copy nobody found wrong. */
export function planPrune(
  backups: readonly Backup[],
  policy: { readonly keepLast: number; readonly nowMs: number },
): PrunePlan {
  const newestFirst = backups.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  const newestProven = newestFirst.find((backup) =>
    backup.copies.some(({ failedAt }) => failedAt === undefined),
  );
  const isClockBack = (newestFirst[0]?.startedAt ?? '') > isoTime(policy.nowMs);
  const keepLast = Math.max(1, policy.keepLast);
  const keep: PruneDecision[] = [];
  const remove: PruneDecision[] = [];
  for (const [index, backup] of newestFirst.entries()) {
    const decide = (list: PruneDecision[], reason: string) => list.push({ backup: backup.id, reason });
    if (isClockBack) decide(keep, 'the clock is before the newest backup: nothing is removed');
    else if (index < keepLast) decide(keep, `one of the newest ${keepLast}`);
    else if (backup === newestProven) decide(keep, 'the newest that no check found wrong');
    else decide(remove, `older than the newest ${keepLast}`);
  }
  return { keep, remove };
}

/** Removes what the plan says from every store; the catalogue keeps the reason. Returns how many copies went. */
export function pruneBackups(deps: BackupDeps, plan: PrunePlan): Promise<number> {
  const nowMs = deps.clock.now();
  return withWork(deps, { run: ulid(nowMs), reason: 'prune backups' }, async () => {
    const reasons = new Map(plan.remove.map(({ backup, reason }) => [backup, reason]));
    let removed = 0;
    const { backups } = await readPublished(deps);
    for (const { store, repository, base, manifest, manifestSha256 } of backups) {
      const reason = reasons.get(manifest.id);
      if (reason === undefined) continue;
      const backup = manifest.id;
      await recordIntent(deps.workFolder, { backup, repository, base });
      const event = { event: 'pruned', at: isoTime(nowMs), backup, base, manifestSha256, reason } as const;
      await appendCatalog(store, repository, event, deps);
      await removeBase(store, base);
      removed += 1;
    }
    for (const backup of reasons.keys()) await dropIntent(deps.workFolder, backup);
    return removed;
  });
}
