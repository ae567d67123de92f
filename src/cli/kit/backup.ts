import type { KeyObject } from 'node:crypto';
import { type CapturedBackup, captureBackup } from '../../backup/capture.ts';
import { listBackups } from '../../backup/list.ts';
import { type PrunePlan, planPrune, pruneBackups } from '../../backup/prune.ts';
import { type CreatedBackup, proveAndPublish } from '../../backup/publish.ts';
import type { Layout } from '../../core/layout.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import { installPlatform, type Platform } from '../../deploy/handlers/platform.ts';
import type { Handlers } from '../../plan/act.ts';
import type { RepositoryAccess } from '../../store/repository/published.ts';
import type { Invocation } from '../command.ts';
import { localSite, type SiteBackups, siteBackups } from './backup-site.ts';
import { localCopies } from './copies.ts';

/** Of the newest backup; when it is older, no new ones are being made, and nothing is pruned. */
const STALE_AFTER_MS = 2 * 86_400_000;
/** Of dumps, which are made each week. */
const WEEKLY_STALE_AFTER_MS = 15 * 86_400_000;

/** The local installation's backups, for reading. */
export function localRepository(layout: Layout, verificationKey: KeyObject): RepositoryAccess {
  return { site: 'local', stores: localCopies(layout).stores, verificationKey };
}

/** The same, for making and keeping them. */
export function backupDeps(invocation: Invocation, platform: Platform): Promise<SiteBackups> {
  return siteBackups(invocation, localSite(invocation, platform));
}

/** The same for commands of their own: the programs are put in place first, and nothing must be deployed for that. */
export async function localBackupDeps(invocation: Invocation): Promise<SiteBackups> {
  return backupDeps(invocation, await installPlatform(invocation.layout, invocation.programRoot));
}

/** What the retention of its environment says of the backups of that kind that are here. */
export async function prunePlanOf(deps: SiteBackups): Promise<PrunePlan> {
  const { retention } = deps.settings;
  const { backups } = await listBackups(deps);
  return planPrune(backups, {
    retention,
    nowMs: deps.clock.now(),
    staleAfterMs: deps.content?.kind === 'logical' ? WEEKLY_STALE_AFTER_MS : STALE_AFTER_MS,
  });
}

/**
 * `backup.create` reads the database and the written copy back; proving then goes on beside the build, and
 * `backup.prove` waits for it: nothing is migrated before the backup is proven and published.
 */
export function backupHandlers(invocation: Invocation, platform: () => Promise<Platform>): Handlers {
  const proving: { backup?: Promise<CreatedBackup> } = {};
  return {
    'backup.create': async ({ hasData }, { signal }) => {
      if (hasData !== true) return { shown: 'there is no data yet' };
      const deps = await backupDeps(invocation, await platform());
      const captured = await captureBackup(deps, { signal });
      // An interrupted deploy gives it up: the command ends soon, and leaves no copy behind.
      proving.backup = proveAndPublish(deps, captured, { signal });
      // Its failure is told by `backup.prove`; until then it must not count as unhandled.
      proving.backup.catch(() => {});
      return capturedOutput(captured);
    },
    'backup.prove': async () => {
      if (proving.backup === undefined) return { shown: 'there is no data yet' };
      const { backup, checks, failures, fetchMs, startMs, proveMs } = await proving.backup;
      const without = failures.map(({ store }) => store);
      const lacking = without.length === 0 ? '' : `; no copy in ${without.join(', ')} (ompay backup heal)`;
      return {
        backup: backup.id,
        checks,
        ...(without.length === 0 ? {} : { without }),
        shown: `${backup.id}: started in ${shownDuration(startMs)}, ${checks} checks in ${shownDuration(proveMs)}${lacking}`,
        fetchMs,
        startMs,
        proveMs,
      };
    },
    'backup.prune': async () => {
      const deps = await backupDeps(invocation, await platform());
      const plan = await prunePlanOf(deps);
      const removed = await pruneBackups(deps, plan);
      return { removed, shown: plan.refusal ?? (removed === 0 ? 'nothing to remove' : `removed ${removed}`) };
    },
  };
}

function capturedOutput(captured: CapturedBackup) {
  const { id, method, captureMs, readBackMs, cipher } = captured;
  const shown = `${shownSize(cipher.sizeBytes)} in ${shownDuration(captureMs)}, read back in ${shownDuration(readBackMs)}`;
  return { backup: id, method, captureMs, readBackMs, sizeBytes: cipher.sizeBytes, shown };
}
