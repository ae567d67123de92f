import { listBackups } from '../../backup/list.ts';
import type { PrunePlan } from '../../backup/prune.ts';
import { type LogPrunePlan, planLogPrune } from '../../backup/prune-log.ts';
import type { SiteBackups } from './backup-site.ts';

/**
 * What of the received log goes with the backups. Nothing while a backup cannot be read: it could be the one that needs it; and
 * nothing of a database whose log is not received.
 */
export async function logPrunePlanOf(
  deps: SiteBackups,
  plan: PrunePlan,
  root: string,
): Promise<LogPrunePlan> {
  if ((deps.mysql === null && deps.mariadb === null) || plan.refusal !== null)
    return { prunings: [], failures: [] };
  const { backups, problems } = await listBackups(deps);
  if (problems.length > 0)
    return { prunings: [], failures: problems.map(({ store, error }) => ({ store, error })) };
  const kept = new Set(plan.keep.map(({ backup }) => backup));
  return planLogPrune(
    deps,
    backups.filter(({ id }) => kept.has(id)),
    root,
  );
}
