import { ulid } from '../core/ids.ts';
import { counted } from '../core/progress.ts';
import type { CaptureSource } from '../engine/engine.ts';
import type { SourceFacts } from '../engine/proof.ts';
import type { HeldLock } from '../plan/lock.ts';
import { fanOut } from '../store/repository/fan-out.ts';
import { digestOf } from '../store/repository/meter.ts';
import { basePrefix, payloadKey, repositoryPrefix } from '../store/repository/paths.ts';
import { type PayloadDigest, sealPayload } from '../store/repository/payload.ts';
import { readPublished } from '../store/repository/published.ts';
import { ensureRepository } from '../store/repository/repository.ts';
import type { Store } from '../store/store.ts';
import { abandon } from './abandon.ts';
import { payloadMismatch } from './damage.ts';
import { recordIntent } from './intent.ts';
import type { BackupDeps } from './types.ts';
import { beginWork } from './work.ts';

/** A payload that is written and read back, not yet proven and not yet a backup. Holds the lock until it is one or is given up. */
export interface CapturedBackup extends PayloadDigest {
  readonly id: string;
  readonly serverUuid: string;
  readonly method: 'online' | 'cold';
  readonly repository: string;
  readonly base: string;
  readonly from: string;
  readonly to: string;
  readonly facts: SourceFacts | null;
  readonly startedAtMs: number;
  /** Where the payload is whole; never empty. */
  readonly stores: readonly Store[];
  readonly failures: readonly CopyFailure[];
  /** Wall time of copying, compressing and encrypting, then of reading back. */
  readonly captureMs: number;
  readonly readBackMs: number;
  readonly lock: HeldLock;
}

/** A store that has no copy of this backup, and why. */
export interface CopyFailure {
  readonly store: string;
  readonly error: unknown;
}

export interface CaptureInput {
  readonly signal?: AbortSignal;
}

/**
 * Copies the database into every store and reads it back. The source is read once, however many stores there are; a
 * store that fails is reported and the others go on. Must be followed by `proveAndPublish` or `abandonBackup`.
 * Throws `lockHeld`, `databaseUnavailable`, `stateUnusable`; then nothing is left behind.
 */
export async function captureBackup(deps: BackupDeps, input: CaptureInput = {}): Promise<CapturedBackup> {
  const startedAtMs = deps.clock.now();
  const id = ulid(startedAtMs);
  const lock = await beginWork(deps, { run: id, reason: 'backup' });
  const signal = input.signal === undefined ? lock.signal : AbortSignal.any([input.signal, lock.signal]);
  const names: CaptureNames = { id, startedAtMs, repository: '', base: '', stores: [], failures: [] };
  try {
    return { ...(await capture(deps, names, signal)), lock };
  } catch (error) {
    await abandon(deps, { ...names, lock });
    throw error;
  }
}

interface CaptureNames {
  readonly id: string;
  readonly startedAtMs: number;
  /** Known once the server said who it is. */
  repository: string;
  base: string;
  /** Where this backup can be written; the others are in `failures`. */
  stores: readonly Store[];
  failures: readonly CopyFailure[];
}

async function capture(
  deps: BackupDeps,
  names: CaptureNames,
  signal: AbortSignal,
): Promise<Omit<CapturedBackup, 'lock'>> {
  const { clock, engine } = deps;
  const beginMs = clock.monotonicMs();
  const request = { label: names.id, queries: deps.queries, signal };
  const { archived, ...position } = await engine.capture(request, async (source) => {
    await announce(deps, names, source);
    const copying = { title: 'copying', ofBytes: await lastSize(deps, names), isGuess: true };
    const sealed = await sealPayload(source.entries, { recipients: deps.recipients, signal }, (cipher) =>
      fanOut(
        counted(cipher, copying, deps.progress),
        names.stores.map((store) => (branch) => store.put(payloadKey(names.base), branch, { signal })),
      ),
    );
    return { ...sealed, serverUuid: source.serverUuid, method: source.method };
  });
  const writtenMs = clock.monotonicMs();
  const { written, ...payload } = archived;
  const copies = await readBackAll(names.stores, written, {
    ...payload,
    base: names.base,
    progress: deps.progress,
  });
  return {
    ...names,
    ...position,
    ...payload,
    stores: copies.stores,
    failures: [...names.failures, ...copies.failures],
    captureMs: Math.round(writtenMs - beginMs),
    readBackMs: Math.round(clock.monotonicMs() - writtenMs),
  };
}

async function announce(deps: BackupDeps, names: CaptureNames, source: CaptureSource): Promise<void> {
  const { site, engine, recipients, stores, verificationKey, workFolder } = deps;
  const server = { site, engine: deps.content?.source ?? engine.name, serverUuid: source.serverUuid };
  names.repository = repositoryPrefix(server);
  names.base = basePrefix(names.repository, names);
  await recordIntent(workFolder, { backup: names.id, repository: names.repository, base: names.base });
  const ensured = await Promise.allSettled(
    stores.map((store) => ensureRepository(store, { ...server, recipients, verificationKey })),
  );
  names.stores = stores.filter((_, index) => ensured[index]?.status === 'fulfilled');
  names.failures = stores.flatMap((store, index) => {
    const result = ensured[index];
    return result?.status === 'rejected' ? [{ store: store.name, error: result.reason }] : [];
  });
  if (names.stores.length === 0) throw names.failures[0]?.error ?? new TypeError('no store is configured');
}

/** Of the newest backup in the first store, sealed: what a progress guesses by. Null when there is none. */
async function lastSize(deps: BackupDeps, { repository, stores }: CaptureNames): Promise<number | null> {
  if (deps.progress === undefined) return null;
  const { backups } = await readPublished({ ...deps, stores: stores.slice(0, 1) });
  const last = backups.findLast((each) => each.repository === repository);
  return last?.manifest.cipher.sizeBytes ?? null;
}

interface Written extends PayloadDigest {
  readonly base: string;
  readonly progress: BackupDeps['progress'];
}

type Copies = Pick<CapturedBackup, 'stores' | 'failures'>;

/** Throws the first failure when no store has a whole copy. */
async function readBackAll(
  stores: readonly Store[],
  written: readonly PromiseSettledResult<unknown>[],
  payload: Written,
): Promise<Copies> {
  const good: Store[] = [];
  const failures: CopyFailure[] = [];
  for (const [index, store] of stores.entries()) {
    const result = written[index];
    try {
      if (result?.status === 'rejected') throw result.reason;
      await readBack(store, payload);
      good.push(store);
    } catch (error) {
      failures.push({ store: store.name, error });
    }
  }
  if (good.length === 0) throw failures[0]?.error ?? new TypeError('no store is configured');
  return { stores: good, failures };
}

async function readBack(store: Store, { base, cipher, progress }: Written): Promise<void> {
  const key = payloadKey(base);
  const work = { title: `reading ${store.name} back`, ofBytes: cipher.sizeBytes };
  const seen = await digestOf(counted(await store.get(key), work, progress));
  if (seen.sha256 !== cipher.sha256) throw payloadMismatch(store, key, seen, cipher);
}
