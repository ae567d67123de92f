import type { RepositoryProblem } from '../store/repository/published.ts';
import type { Store } from '../store/store.ts';
import type { Backup } from './types.ts';

/** One place for copies, as `ompay backup status` tells of it. */
export interface StoreStatus {
  readonly store: string;
  readonly medium: string;
  readonly offsite: boolean;
  readonly immutable: boolean;
  readonly backups: number;
  /** The newest good copy there; null when there is none. */
  readonly newest: string | null;
  /** When the copying of that began: what was committed since is not there. Milliseconds before now. */
  readonly rpoMs: number | null;
  /** When that was last read back; ISO 8601. */
  readonly verifiedAt: string | null;
  readonly damaged: readonly string[];
  /** Backups that other stores have. */
  readonly missing: readonly string[];
  readonly weaknesses: readonly string[];
  /** Why it cannot be read as a whole; null when it can. */
  readonly problem: unknown;
}

export interface StoreFacts {
  readonly store: Store;
  readonly weaknesses: readonly string[];
  /** Why it could not be asked; undefined when it could. */
  readonly failure: unknown;
}

/** Asks every store at once what protects it. A store that is away fails alone. */
export function storeFacts(stores: readonly Store[]): Promise<readonly StoreFacts[]> {
  return Promise.all(
    stores.map((store) =>
      store.weaknesses().then(
        (weaknesses) => ({ store, weaknesses, failure: undefined }),
        (failure: unknown) => ({ store, weaknesses: [], failure }),
      ),
    ),
  );
}

/** Pure. What each store has of the backups that there are. @param backups newest first. */
export function statusOf(
  facts: readonly StoreFacts[],
  seen: { readonly backups: readonly Backup[]; readonly problems: readonly RepositoryProblem[] },
  nowMs: number,
): readonly StoreStatus[] {
  return facts.map(({ store, weaknesses, failure }) => {
    const { name, medium, offsite, immutable } = store;
    const copies = seen.backups.flatMap((backup) => {
      const copy = backup.copies.find((each) => each.store === name);
      return copy === undefined ? [] : [{ backup, copy }];
    });
    const newest = copies.find(({ copy }) => copy.failedAt === undefined);
    const own = seen.problems.filter((problem) => problem.store === name);
    const whole = own.find(({ backup }) => backup === null);
    const unread = own.flatMap(({ backup }) => (backup === null ? [] : [backup]));
    const there = new Set([...copies.map(({ backup }) => backup.id), ...unread]);
    return {
      store: name,
      medium,
      offsite,
      immutable,
      backups: copies.length,
      newest: newest?.backup.id ?? null,
      rpoMs: newest === undefined ? null : Math.max(0, nowMs - Date.parse(newest.backup.startedAt)),
      verifiedAt: newest?.copy.verifiedAt ?? null,
      damaged: [
        ...copies.filter(({ copy }) => copy.failedAt !== undefined).map(({ backup }) => backup.id),
        ...unread,
      ],
      missing: seen.backups.filter(({ id }) => !there.has(id)).map(({ id }) => id),
      weaknesses,
      problem: whole?.error ?? failure ?? null,
    };
  });
}
