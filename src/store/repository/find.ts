import { OmpayError } from '../../core/errors.ts';
import {
  type PublishedBackup,
  type RepositoryAccess,
  type RepositoryProblem,
  readPublished,
} from './published.ts';

export interface Found {
  /** In the order of the stores; never empty. */
  readonly copies: readonly PublishedBackup[];
  /** Of stores that could not be read: they may hold newer ones. */
  readonly problems: readonly RepositoryProblem[];
}

/**
 * Every copy of one backup, in the order of the stores. `latest` is the newest. Throws `notFound`, or `backupDamaged`
 * when the only places that name it cannot be read.
 */
export async function findBackup(access: RepositoryAccess, id: string): Promise<readonly PublishedBackup[]> {
  return (await searchBackup(access, id)).copies;
}

/** The same, with what could not be read meanwhile. */
export async function searchBackup(access: RepositoryAccess, id: string): Promise<Found> {
  const { backups, problems } = await readPublished(access);
  const wanted = id === 'latest' ? backups.at(-1)?.manifest.id : id.toUpperCase();
  const copies = backups.filter(({ manifest }) => manifest.id === wanted);
  if (copies.length > 0) return { copies, problems };
  const problem = problems.find(({ backup }) => backup === null || backup === wanted);
  if (problem !== undefined) throw problem.error;
  throw new OmpayError('notFound', `there is no backup ${id} among ${backups.length}`, {
    hint: 'ompay backup list',
  });
}
