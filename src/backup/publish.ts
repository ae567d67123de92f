import { isoTime } from '../core/clock.ts';
import { encodeProof, type ProofDocument } from '../engine/proof.ts';
import { type Rehearsal, rehearse } from '../engine/rehearse.ts';
import { appendCatalog } from '../store/repository/catalog.ts';
import { extractBackup } from '../store/repository/extract.ts';
import { encodeManifest, type Manifest } from '../store/repository/manifest.ts';
import { sha256Of } from '../store/repository/meter.ts';
import { guideKey, manifestKey, proofKey } from '../store/repository/paths.ts';
import type { Store } from '../store/store.ts';
import { abandon } from './abandon.ts';
import { backupOf } from './backup.ts';
import type { CapturedBackup, CaptureInput, CopyFailure } from './capture.ts';
import { restoreGuide } from './guide.ts';
import { dropIntent } from './intent.ts';
import { openingOf } from './opening.ts';
import { withScratch } from './scratch.ts';
import type { Backup, BackupDeps } from './types.ts';

/** A new backup, and what its making cost. */
export interface CreatedBackup {
  readonly backup: Backup;
  /** Stores that have no copy of it, and why. */
  readonly failures: readonly CopyFailure[];
  readonly checks: number;
  readonly captureMs: number;
  readonly readBackMs: number;
  /** Fetching, decrypting and extracting the copy that was proven. */
  readonly fetchMs: number;
  readonly startMs: number;
  readonly proveMs: number;
  readonly publishMs: number;
}

/**
 * Starts the copy, proves it, and only then makes it a backup: manifest, then catalogue. Gives the lock back.
 * Throws `backupDamaged` when the copy does not start or an answer is wrong; then nothing is published or left behind.
 */
export async function proveAndPublish(
  deps: BackupDeps,
  captured: CapturedBackup,
  input: CaptureInput = {},
): Promise<CreatedBackup> {
  const { lock } = captured;
  const signal = input.signal === undefined ? lock.signal : AbortSignal.any([input.signal, lock.signal]);
  try {
    const { fetchMs, ...rehearsal } = await prove(deps, captured, signal);
    const beginMs = deps.clock.monotonicMs();
    const documents = documentsOf(deps, captured, { ...rehearsal, fetchMs });
    const { stores, failures } = await publishAll(deps, captured, documents);
    // A store that failed may hold parts of it, which the next run removes by this record.
    if (stores.length === deps.stores.length) await dropIntent(deps.workFolder, captured.id);
    lock.release();
    return {
      backup: backupOf(documents.manifest, stores),
      failures: [...captured.failures, ...failures],
      checks: rehearsal.checks.length,
      captureMs: captured.captureMs,
      readBackMs: captured.readBackMs,
      fetchMs,
      startMs: rehearsal.startMs,
      proveMs: rehearsal.proveMs,
      publishMs: Math.round(deps.clock.monotonicMs() - beginMs),
    };
  } catch (error) {
    await abandon(deps, captured);
    throw error;
  }
}

/** Gives up a captured backup: its copies are removed and the lock is given back. */
export async function abandonBackup(deps: BackupDeps, captured: CapturedBackup): Promise<void> {
  await abandon(deps, captured);
}

type TimedRehearsal = Rehearsal & { readonly fetchMs: number };

/** All copies have the same hash, so proving one proves each. */
function prove(deps: BackupDeps, captured: CapturedBackup, signal: AbortSignal): Promise<TimedRehearsal> {
  const { clock, engine, recipients, queries } = deps;
  const [store] = captured.stores;
  if (store === undefined) throw new TypeError('a captured backup has at least one copy');
  return withScratch(deps.workFolder, captured.id, async (dataFolder) => {
    const beginMs = clock.monotonicMs();
    await extractBackup({ ...captured, store, recipients }, openingOf(deps, signal), dataFolder);
    const fetchMs = Math.round(clock.monotonicMs() - beginMs);
    const { facts } = captured;
    const asked = { queries, facts, clock, signal };
    const rehearsal =
      deps.content === undefined
        ? await rehearse(engine, dataFolder, { ...asked, stop: 'kill' })
        : await deps.content.prove(dataFolder, asked);
    return { ...rehearsal, fetchMs };
  });
}

interface Documents {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly proof: Uint8Array;
  readonly guide: Uint8Array;
}

function documentsOf(deps: BackupDeps, captured: CapturedBackup, rehearsal: TimedRehearsal): Documents {
  const finishedAt = isoTime(deps.clock.now());
  const { serverVersion, isProven, checks, fetchMs, startMs, proveMs } = rehearsal;
  const proofDocument: ProofDocument = {
    backup: captured.id,
    at: finishedAt,
    isProven,
    facts: captured.facts,
    checks,
    fetchMs,
    startMs,
    proveMs,
  };
  const proof = encodeProof(proofDocument);
  const described = {
    id: captured.id,
    site: deps.site,
    engine: deps.content?.source ?? deps.engine.name,
    serverUuid: captured.serverUuid,
    serverVersion,
    kind: deps.content?.kind ?? 'full',
    method: captured.method,
    from: captured.from,
    to: captured.to,
    startedAt: isoTime(captured.startedAtMs),
    finishedAt,
    recipients: deps.recipients,
    plain: captured.plain,
    cipher: captured.cipher,
  } as const satisfies Omit<Manifest, 'proofSha256' | 'guideSha256'>;
  const guide = Buffer.from(restoreGuide(described));
  const manifest = { ...described, proofSha256: sha256Of(proof), guideSha256: sha256Of(guide) };
  return { manifest, manifestBytes: encodeManifest(manifest), proof, guide };
}

/** Throws the first failure when no store could publish it. */
async function publishAll(
  deps: BackupDeps,
  captured: CapturedBackup,
  documents: Documents,
): Promise<{ stores: readonly Store[]; failures: readonly CopyFailure[] }> {
  const stores: Store[] = [];
  const failures: CopyFailure[] = [];
  for (const store of captured.stores) {
    try {
      await publishTo(store, deps, captured, documents);
      stores.push(store);
    } catch (error) {
      failures.push({ store: store.name, error });
    }
  }
  if (stores.length === 0)
    throw failures[0]?.error ?? new TypeError('a captured backup has at least one copy');
  return { stores, failures };
}

async function publishTo(
  store: Store,
  deps: BackupDeps,
  { base, repository }: CapturedBackup,
  { manifest, manifestBytes, proof, guide }: Documents,
): Promise<void> {
  await store.put(proofKey(base), proof);
  await store.put(guideKey(base), guide);
  await store.put(manifestKey(base), manifestBytes, { ifAbsent: true });
  const event = {
    event: 'published',
    at: manifest.finishedAt,
    backup: manifest.id,
    base,
    manifestSha256: sha256Of(manifestBytes),
    reason: manifest.kind === 'full' ? 'read back, started and proven' : 'read back and proven',
  } as const;
  await appendCatalog(store, repository, event, deps);
}
