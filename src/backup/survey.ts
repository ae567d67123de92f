import { type CatalogEntry, readCatalog } from '../store/repository/catalog.ts';
import {
  livingEntries,
  type PublishedBackup,
  type RepositoryAccess,
  type RepositoryProblem,
  readPublished,
  repositoriesOf,
} from '../store/repository/published.ts';
import type { Store } from '../store/store.ts';

/** What all stores say together: which backups should be everywhere, and which nowhere any more. */
export interface Survey {
  /** Published somewhere and pruned nowhere; with the copies whose manifest is right. Newest first. */
  readonly wanted: readonly WantedBackup[];
  /** Still published where a pruning did not reach, with the reason of the pruning. */
  readonly overdue: readonly OverduePruning[];
  readonly problems: readonly RepositoryProblem[];
}

export interface WantedBackup {
  readonly id: string;
  readonly copies: readonly PublishedBackup[];
}

export interface OverduePruning {
  readonly backup: PublishedBackup;
  readonly reason: string;
}

export async function survey(access: RepositoryAccess): Promise<Survey> {
  const { backups, problems } = await readPublished(access);
  const pruned = await prunedReasons(access);
  const overdue = backups.flatMap((backup) => {
    const reason = pruned.get(backup.manifest.id);
    return reason === undefined ? [] : [{ backup, reason }];
  });
  const living = backups.filter(({ manifest }) => !pruned.has(manifest.id));
  const wanted = [...Map.groupBy(living, ({ manifest }) => manifest.id)].map(([id, copies]) => ({
    id,
    copies,
  }));
  return { wanted: wanted.reverse(), overdue, problems };
}

/** Of every backup whose newest word is, in any store that can be read, that it was pruned. */
async function prunedReasons(access: RepositoryAccess): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  for (const store of access.stores) {
    for (const entries of await catalogsOf(store, access)) {
      const living = new Set(livingEntries(entries).map(({ backup }) => backup));
      for (const { event, backup, reason } of entries)
        if (event === 'pruned' && !living.has(backup)) reasons.set(backup, reason);
    }
  }
  return reasons;
}

/** Those that can be read; what cannot is among the problems already. */
async function catalogsOf(
  store: Store,
  access: RepositoryAccess,
): Promise<readonly (readonly CatalogEntry[])[]> {
  const repositories = await repositoriesOf(store, access.site).catch(() => []);
  const catalogs = await Promise.allSettled(
    repositories.map((repository) => readCatalog(store, repository, access.verificationKey)),
  );
  return catalogs.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
