import { isoTime } from '../core/clock.ts';
import { ulid } from '../core/ids.ts';
import { counted } from '../core/progress.ts';
import { appendCatalog } from '../store/repository/catalog.ts';
import { digestOf, meter } from '../store/repository/meter.ts';
import { guideKey, manifestKey, payloadKey, proofKey } from '../store/repository/paths.ts';
import { type PublishedBackup, readDocument, repositoriesOf } from '../store/repository/published.ts';
import { mendCatalog } from '../store/repository/reconcile.ts';
import { ensureRepository } from '../store/repository/repository.ts';
import type { Store } from '../store/store.ts';
import type { CopyFailure } from './capture.ts';
import { payloadMismatch } from './damage.ts';
import { readDrills, recordDrill } from './drill.ts';
import { dropIntent, recordIntent } from './intent.ts';
import { checkDocuments, checkSize } from './look.ts';
import { prunePlace } from './prune.ts';
import { survey, type WantedBackup } from './survey.ts';
import type { BackupDeps } from './types.ts';
import { withWork } from './work.ts';

export interface HealedCopy {
  readonly backup: string;
  readonly store: string;
  /** The store that it was copied from. */
  readonly from: string;
  readonly sizeBytes: number;
  readonly tookMs: number;
}

export interface Healing {
  readonly healed: readonly HealedCopy[];
  /** Entries of catalogues that were put back. */
  readonly mendedEntries: number;
  /** Copies that were pruned elsewhere, and now here. */
  readonly pruned: number;
  readonly failures: readonly CopyFailure[];
}

/**
 * Brings every store to what the others have: copies that are missing or were found wrong are made again from a good one,
 * read back, and published; prunings that did not reach a store are done there. A store that fails does not keep the
 * others from it. Throws `lockHeld`.
 */
export function healBackups(
  deps: BackupDeps,
  input: { readonly signal?: AbortSignal } = {},
): Promise<Healing> {
  const run = ulid(deps.clock.now());
  return withWork(deps, { run, reason: 'heal backups' }, () => heal(deps, input.signal));
}

async function heal(deps: BackupDeps, signal: AbortSignal | undefined): Promise<Healing> {
  const mendedEntries = await mendCatalogs(deps);
  const { wanted, overdue, problems } = await survey(deps);
  const failures: CopyFailure[] = problems
    .filter(({ backup }) => backup === null)
    .map(({ store, error }) => ({ store, error }));
  const unreadable = new Set(failures.map(({ store }) => store));
  const healed: HealedCopy[] = [];
  for (const store of deps.stores.filter(({ name }) => !unreadable.has(name))) {
    try {
      for (const backup of wanted) {
        signal?.throwIfAborted();
        if (await isGood(deps, store, backup)) continue;
        healed.push(await healCopy(deps, store, backup, signal));
      }
    } catch (error) {
      signal?.throwIfAborted();
      failures.push({ store: store.name, error });
    }
  }
  for (const { backup, reason } of overdue) await prunePlace(deps, backup, reason);
  return { healed, mendedEntries, pruned: overdue.length, failures };
}

async function mendCatalogs(deps: BackupDeps): Promise<number> {
  const { stores, site, verificationKey } = deps;
  let mended = 0;
  for (const store of stores) {
    const donors = { stores: stores.filter((each) => each !== store), verificationKey };
    // A store that is away, or whose catalogue no other can give back, is told by the survey.
    const repositories = await repositoriesOf(store, site).catch(() => []);
    for (const repository of repositories)
      mended += await mendCatalog(store, repository, donors).catch(() => 0);
  }
  return mended;
}

/** It is there with its size and its documents, and no look found it wrong since it was last found right. */
async function isGood(deps: BackupDeps, store: Store, { id, copies }: WantedBackup): Promise<boolean> {
  const copy = copies.find((each) => each.store === store);
  if (copy === undefined) return false;
  const isWhole = await Promise.all([checkSize(copy), checkDocuments(copy)]).then(
    () => true,
    () => false,
  );
  if (!isWhole) return false;
  const drills = await readDrills(store, copy.repository, deps.verificationKey).catch(() => []);
  return drills.findLast(({ backup }) => backup === id)?.passed ?? true;
}

/** Tries the other copies in turn. Throws the last one's failure. */
async function healCopy(
  deps: BackupDeps,
  store: Store,
  { id, copies }: WantedBackup,
  signal: AbortSignal | undefined,
): Promise<HealedCopy> {
  const beginMs = deps.clock.monotonicMs();
  const sources = copies.filter((copy) => copy.store !== store);
  let failure: unknown = new Error(`no other store has a copy of ${id}`);
  for (const source of sources) {
    try {
      await copyTo(deps, store, source, signal);
      const tookMs = Math.round(deps.clock.monotonicMs() - beginMs);
      const { sizeBytes } = source.manifest.cipher;
      return { backup: id, store: store.name, from: source.store.name, sizeBytes, tookMs };
    } catch (error) {
      signal?.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

/** In the order of publishing: payload, read back, documents, manifest, catalogue. */
async function copyTo(
  deps: BackupDeps,
  store: Store,
  source: PublishedBackup,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { base, repository, manifest, manifestSha256 } = source;
  const { site, engine, serverUuid, recipients } = { ...manifest, site: deps.site };
  await recordIntent(deps.workFolder, { backup: manifest.id, repository, base });
  const { verificationKey } = deps;
  await ensureRepository(store, { site, engine, serverUuid, recipients, verificationKey });
  const key = payloadKey(base);
  const { sizeBytes: ofBytes } = manifest.cipher;
  const copying = { title: `copying ${manifest.id} from ${source.store.name} to ${store.name}`, ofBytes };
  const bytes = counted(proven(source, await source.store.get(key)), copying, deps.progress);
  await store.put(key, bytes, signal === undefined ? {} : { signal });
  const reading = { title: `reading ${store.name} back`, ofBytes };
  const seen = await digestOf(counted(await store.get(key), reading, deps.progress));
  if (seen.sha256 !== manifest.cipher.sha256) throw payloadMismatch(store, key, seen, manifest.cipher);
  for (const { document, sha256 } of [
    { document: proofKey(base), sha256: manifest.proofSha256 },
    { document: guideKey(base), sha256: manifest.guideSha256 },
    { document: manifestKey(base), sha256: manifestSha256 },
  ]) {
    await store.put(document, await readDocument(source.store, document, sha256));
  }
  const nowMs = deps.clock.now();
  const reason = `copied from ${source.store.name}, read back`;
  const at = isoTime(nowMs);
  const event = { event: 'published', at, backup: manifest.id, base, manifestSha256, reason } as const;
  await appendCatalog(store, repository, event, deps);
  const drill = { backup: manifest.id, level: 1, passed: true, problem: '', tookMs: 0 };
  await recordDrill(store, repository, drill, { signingKey: deps.signingKey, nowMs });
  await dropIntent(deps.workFolder, manifest.id);
}

/** Fails at its end when the source is not what was published: then nothing of it is shown at the target. */
async function* proven(
  { store, base, manifest }: PublishedBackup,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const seen = meter();
  yield* seen.through(source);
  const digest = seen.digest();
  if (digest.sha256 !== manifest.cipher.sha256)
    throw payloadMismatch(store, payloadKey(base), digest, manifest.cipher);
}
