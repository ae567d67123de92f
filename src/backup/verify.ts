import { OmpayError } from '../core/errors.ts';
import { ulid } from '../core/ids.ts';
import { partOf } from '../core/progress.ts';
import { findBackup } from '../store/repository/find.ts';
import {
  type PublishedBackup,
  type RepositoryProblem,
  readPublished,
} from '../store/repository/published.ts';
import { lookAt, type VerifyLevel } from './look.ts';
import type { BackupDeps } from './types.ts';
import { withWork } from './work.ts';

export interface VerifyInput {
  /** A backup's id, or `latest`. */
  readonly id: string;
  readonly level: VerifyLevel;
  /** Only the copy in this store. */
  readonly store?: string;
  readonly signal?: AbortSignal;
}

export interface VerifiedCopy {
  readonly backup: string;
  readonly store: string;
  readonly level: VerifyLevel;
  readonly at: string;
  readonly tookMs: number;
}

/**
 * Checks every copy of a backup and records each look in its store. Throws the first failure (`backupDamaged`,
 * `notFound`, `configInvalid`) after all copies were looked at.
 */
export function verifyBackup(deps: BackupDeps, input: VerifyInput): Promise<readonly VerifiedCopy[]> {
  const run = ulid(deps.clock.now());
  return withWork(deps, { run, reason: `verify backup ${input.id}` }, async () => {
    const copies = (await findBackup(deps, input.id)).filter(({ store }) => isWanted(store.name, input));
    if (copies.length === 0) throw noSuchStore(input);
    const looks = await lookAtAll(deps, copies, input, run);
    const failure = looks.find((each) => each.failure !== undefined);
    if (failure !== undefined) throw failure.failure;
    return looks.map(({ seen }) => seen);
  });
}

/** What a look at copies came to: `good`, `damaged` (also: missing), or why it could not be looked at. */
export interface CopyVerdict {
  readonly backup: string;
  readonly store: string;
  readonly state: 'good' | 'damaged' | 'missing' | 'unknown';
  readonly tookMs: number;
  /** Null of a good copy. */
  readonly error: unknown;
}

/**
 * The same for one backup or for `all`, told copy by copy: also what a store should have and has not, and what cannot be
 * read there. Throws `notFound` when no store has such a backup.
 */
export function verifyCopies(deps: BackupDeps, input: VerifyInput): Promise<readonly CopyVerdict[]> {
  const run = ulid(deps.clock.now());
  return withWork(deps, { run, reason: `verify backup ${input.id}` }, async () => {
    const { backups, problems } = await readPublished(deps);
    const ids = wantedIds(backups, problems, input.id);
    const wanted = backups.filter(
      ({ manifest, store }) => ids.has(manifest.id) && isWanted(store.name, input),
    );
    const looks = await lookAtAll(deps, wanted, input, run);
    const told = problems.filter(
      ({ backup, store }) => isWanted(store, input) && (backup === null || ids.has(backup)),
    );
    return [
      ...looks.map(({ seen, failure }) => verdictOf(seen, failure)),
      ...told.map(problemVerdict),
      ...missing(deps, wanted, told, { ids, input }),
    ];
  });
}

function isWanted(store: string, input: VerifyInput): boolean {
  return input.store === undefined || store === input.store;
}

function wantedIds(
  backups: readonly PublishedBackup[],
  problems: readonly RepositoryProblem[],
  id: string,
): ReadonlySet<string> {
  const known = [
    ...backups.map(({ manifest }) => manifest.id),
    ...problems.flatMap(({ backup }) => (backup === null ? [] : [backup])),
  ];
  if (id === 'all') return new Set(known);
  const wanted = id === 'latest' ? known.toSorted((a, b) => (a < b ? -1 : 1)).at(-1) : id.toUpperCase();
  if (wanted !== undefined && known.includes(wanted)) return new Set([wanted]);
  if (problems[0] !== undefined) throw problems[0].error;
  throw new OmpayError('notFound', `there is no backup ${id} among ${new Set(known).size}`, {
    hint: 'ompay backup list',
  });
}

interface Look {
  readonly seen: VerifiedCopy;
  readonly failure: unknown;
}

async function lookAtAll(
  deps: BackupDeps,
  copies: readonly PublishedBackup[],
  { level, signal }: VerifyInput,
  run: string,
): Promise<readonly Look[]> {
  const looks: Look[] = [];
  const { progress } = deps;
  const ofBytes = copies.reduce((sum, { manifest }) => sum + manifest.cipher.sizeBytes, 0);
  const whole = { title: 'verifying', ofBytes };
  let beforeBytes = 0;
  try {
    for (const copy of copies) {
      const own = progress === undefined ? deps : { ...deps, progress: partOf(progress, whole, beforeBytes) };
      const { at, tookMs, failure } = await lookAt(own, copy, { level, run, ...(signal ? { signal } : {}) });
      const seen = { backup: copy.manifest.id, store: copy.store.name, level, at, tookMs };
      looks.push({ seen, failure });
      beforeBytes += copy.manifest.cipher.sizeBytes;
    }
    return looks;
  } finally {
    progress?.end();
  }
}

function verdictOf({ backup, store, tookMs }: VerifiedCopy, failure: unknown): CopyVerdict {
  return {
    backup,
    store,
    tookMs,
    state: failure === undefined ? 'good' : stateOf(failure),
    error: failure ?? null,
  };
}

function problemVerdict({ store, backup, error }: RepositoryProblem): CopyVerdict {
  return { backup: backup ?? 'all', store, tookMs: 0, state: stateOf(error), error };
}

function stateOf(failure: unknown): CopyVerdict['state'] {
  const isDamage = failure instanceof OmpayError && ['backupDamaged', 'notFound'].includes(failure.code);
  return isDamage ? 'damaged' : 'unknown';
}

/** Stores that can be read and do not name the backup at all. */
function missing(
  deps: BackupDeps,
  present: readonly PublishedBackup[],
  problems: readonly RepositoryProblem[],
  { ids, input }: { readonly ids: ReadonlySet<string>; readonly input: VerifyInput },
): readonly CopyVerdict[] {
  return deps.stores.flatMap(({ name }) => {
    if (!isWanted(name, input)) return [];
    return [...ids].flatMap((backup): readonly CopyVerdict[] => {
      const isThere = present.some(({ manifest, store }) => manifest.id === backup && store.name === name);
      const isTold = problems.some(
        (problem) => problem.store === name && (problem.backup === null || problem.backup === backup),
      );
      if (isThere || isTold) return [];
      const error = new OmpayError('notFound', `${name} has no copy of ${backup}`, {
        hint: 'ompay backup heal',
      });
      return [{ backup, store: name, tookMs: 0, state: 'missing', error }];
    });
  });
}

function noSuchStore({ id, store }: VerifyInput): OmpayError {
  return new OmpayError('notFound', `backup ${id} has no copy in ${store ?? 'any store'}`, {
    hint: 'ompay backup list',
  });
}
