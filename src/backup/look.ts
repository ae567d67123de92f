import { isoTime } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { counted, type Progress } from '../core/progress.ts';
import { decodeFacts } from '../engine/proof.ts';
import { rehearse } from '../engine/rehearse.ts';
import { extractBackup, readBackup } from '../store/repository/extract.ts';
import { digestOf } from '../store/repository/meter.ts';
import { guideKey, payloadKey, proofKey } from '../store/repository/paths.ts';
import { type PublishedBackup, readDocument } from '../store/repository/published.ts';
import { inspectTar } from '../store/repository/tar.ts';
import { payloadMismatch } from './damage.ts';
import { recordDrill } from './drill.ts';
import { openingOf } from './opening.ts';
import { withScratch } from './scratch.ts';
import type { BackupDeps } from './types.ts';

/** 0 it is there with its size; 1 its hash; 2 it decrypts and unpacks; 3 it starts; 4 its ledger is proven. */
export type VerifyLevel = 0 | 1 | 2 | 3 | 4;

export interface LookOptions {
  readonly level: VerifyLevel;
  readonly run: string;
  readonly signal?: AbortSignal;
}

export interface LookResult {
  readonly at: string;
  readonly tookMs: number;
  /** Undefined of a good copy. */
  readonly failure: unknown;
}

/**
 * Looks at one copy and records what was found in its store. What could not be looked at (a store that is away, the wrong
 * key, no room here) says nothing of the copy and is not recorded.
 */
export async function lookAt(
  deps: BackupDeps,
  copy: PublishedBackup,
  options: LookOptions,
): Promise<LookResult> {
  const beginMs = deps.clock.monotonicMs();
  const failure: unknown = await look(deps, copy, options).then(
    () => undefined,
    (error: unknown) => error,
  );
  options.signal?.throwIfAborted();
  const nowMs = deps.clock.now();
  const tookMs = Math.round(deps.clock.monotonicMs() - beginMs);
  const passed = failure === undefined;
  if (passed || isDamage(failure)) {
    const problem = passed ? '' : messageOf(failure);
    const drill = { backup: copy.manifest.id, level: options.level, passed, problem, tookMs };
    await recordDrill(copy.store, copy.repository, drill, { signingKey: deps.signingKey, nowMs });
  }
  return { at: isoTime(nowMs), tookMs, failure };
}

export function isDamage(failure: unknown): boolean {
  return failure instanceof OmpayError && failure.code === 'backupDamaged';
}

async function look(
  deps: BackupDeps,
  copy: PublishedBackup,
  { level, run, signal }: LookOptions,
): Promise<void> {
  const { store, base, manifest } = copy;
  const { clock, engine, queries } = deps;
  const place = { store, base, ...manifest };
  const opening = openingOf(deps, signal);
  await checkSize(copy);
  if (level === 0) return;
  await checkDocuments(copy);
  if (level === 1) await checkHash(copy, deps.progress);
  if (level === 2) await readBackup(place, opening, inspectTar);
  if (level < 3) return;
  const facts = decodeFacts(await readDocument(store, proofKey(base), manifest.proofSha256), proofKey(base));
  await withScratch(deps.workFolder, run, async (dataFolder) => {
    await extractBackup(place, opening, dataFolder);
    const asked = level === 3 ? [] : queries;
    const limits = signal === undefined ? {} : { signal };
    const rehearsing = { ...limits, queries: asked, facts, clock };
    if (deps.content === undefined) await rehearse(engine, dataFolder, { ...rehearsing, stop: 'kill' });
    else await deps.content.prove(dataFolder, rehearsing);
  });
}

export type CopyPlace = Pick<PublishedBackup, 'store' | 'base' | 'manifest'>;

export async function checkSize({ store, base, manifest }: CopyPlace): Promise<void> {
  const key = payloadKey(base);
  const object = await store.head(key);
  if (object?.sizeBytes === manifest.cipher.sizeBytes) return;
  const seen = object === undefined ? 'missing' : `${object.sizeBytes} bytes long`;
  throw new OmpayError(
    'backupDamaged',
    `${key} in ${store.name} is ${seen}; it had ${manifest.cipher.sizeBytes} bytes`,
    { hint: 'bring it back from another copy: ompay backup heal' },
  );
}

/** The proof and the guide are what was published. */
export async function checkDocuments({ store, base, manifest }: CopyPlace): Promise<void> {
  const documents = [
    { key: proofKey(base), sha256: manifest.proofSha256 },
    { key: guideKey(base), sha256: manifest.guideSha256 },
  ];
  for (const { key, sha256 } of documents) {
    await readDocument(store, key, sha256).catch((error: unknown) => {
      const isMissing = error instanceof OmpayError && error.code === 'notFound';
      if (!isMissing) throw error;
      throw new OmpayError('backupDamaged', `${key} in ${store.name} is missing`, {
        hint: 'bring it back from another copy: ompay backup heal',
        cause: error,
      });
    });
  }
}

export async function checkHash({ store, base, manifest }: CopyPlace, progress?: Progress): Promise<void> {
  const key = payloadKey(base);
  const work = { title: `reading ${store.name}`, ofBytes: manifest.cipher.sizeBytes };
  const seen = await digestOf(counted(await store.get(key), work, progress));
  if (seen.sha256 !== manifest.cipher.sha256) throw payloadMismatch(store, key, seen, manifest.cipher);
}
