import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { type ErrorName, OmpayError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { Secret } from '../core/secret.ts';
import type { Engine } from '../engine/engine.ts';
import { decodeFacts, type ProofCheck, type ProofQuery } from '../engine/proof.ts';
import { rehearse } from '../engine/rehearse.ts';
import { extractBackup } from '../store/repository/extract.ts';
import { searchBackup } from '../store/repository/find.ts';
import { proofKey } from '../store/repository/paths.ts';
import { type PublishedBackup, type RepositoryAccess, readDocument } from '../store/repository/published.ts';
import { clearPlace, makeInPlace } from './place.ts';

export interface RestoreDeps extends RepositoryAccess {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly queries: readonly ProofQuery[];
  /** Of one of the backup's recipients. */
  readonly identity: Secret;
  /** Is told of bytes that are read. */
  readonly progress?: Progress;
  /** Keys that were replaced: older backups are for them. */
  readonly formerIdentities?: readonly Secret[];
}

export interface RestoreInput {
  /** A backup's id, or `latest`. */
  readonly id: string;
  /** Absent or empty; becomes the data folder. */
  readonly into: string;
  readonly signal?: AbortSignal;
}

export interface Restored {
  readonly backup: string;
  readonly store: string;
  readonly into: string;
  readonly serverVersion: string;
  readonly checks: readonly ProofCheck[];
  /** Stores whose copy could not be used, and why, before one was found right. */
  readonly passedOver: readonly { readonly store: string; readonly error: unknown }[];
  /** Stores that could not be read: they may hold newer backups than `latest`. */
  readonly unread: readonly { readonly store: string; readonly error: unknown }[];
  /** When the copying of the source began: what was committed before is in it. */
  readonly startedAt: string;
  readonly sizeBytes: number;
  readonly fetchMs: number;
  readonly startMs: number;
  readonly proveMs: number;
}

/**
 * Makes a data folder of a backup: extracted and started beside `into`, proven against what the source answered when
 * it was made, stopped cleanly, then renamed into place. A copy that is damaged, or whose
 * store is away, is passed over for the next one.
 * Throws `notFound`, `backupDamaged`, `configInvalid`, `stateUnusable`; then `into` is as it was.
 */
export async function restoreBackup(deps: RestoreDeps, input: RestoreInput): Promise<Restored> {
  const into = resolve(input.into);
  await clearPlace(deps.engine.reap, into);
  const { copies, problems } = await searchBackup(deps, input.id);
  const unread = problems.map(({ store, error }) => ({ store, error }));
  const passedOver: { store: string; error: unknown }[] = [];
  for (const copy of copies) {
    try {
      return { ...(await restoreCopy(deps, copy, { ...input, into })), passedOver, unread };
    } catch (error) {
      const isOfThisCopy = isOfCopy(error);
      passedOver.push({ store: copy.store.name, error });
      if (!isOfThisCopy || passedOver.length === copies.length) throw error;
    }
  }
  throw new TypeError('a found backup has a copy');
}

/** What is wrong with one copy or its store, and not with the place or the key. */
const PASSED_OVER: ReadonlySet<ErrorName> = new Set([
  'backupDamaged',
  'notFound',
  'hostUnreachable',
  'hostNotTrusted',
  'accessDenied',
  'timeout',
]);

/** Another copy may do. */
export function isOfCopy(error: unknown): boolean {
  return error instanceof OmpayError && PASSED_OVER.has(error.code);
}

async function restoreCopy(
  deps: RestoreDeps,
  { store, base, manifest }: PublishedBackup,
  { into, signal }: RestoreInput,
): Promise<Omit<Restored, 'passedOver' | 'unread'>> {
  const { clock, engine, queries, identity, formerIdentities = [], progress } = deps;
  const opening = {
    identity,
    formerIdentities,
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  };
  const proofBytes = await readDocument(store, proofKey(base), manifest.proofSha256);
  const facts = decodeFacts(proofBytes, proofKey(base));
  return makeInPlace(into, async (dataFolder) => {
    const beginMs = clock.monotonicMs();
    await extractBackup({ store, base, ...manifest }, opening, dataFolder);
    const fetchMs = Math.round(clock.monotonicMs() - beginMs);
    const { checks, serverVersion, startMs, proveMs } = await rehearse(engine, dataFolder, {
      ...opening,
      queries,
      facts,
      stop: 'clean',
      clock,
    });
    const times = { fetchMs, startMs, proveMs };
    const { id: backup, startedAt, cipher } = manifest;
    const source = { backup, store: store.name, startedAt, sizeBytes: cipher.sizeBytes };
    return { ...source, into, serverVersion, checks, ...times };
  });
}
