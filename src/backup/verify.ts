import { isoTime } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { ulid } from '../core/ids.ts';
import { decodeFacts } from '../engine/proof.ts';
import { rehearse } from '../engine/rehearse.ts';
import { extractBackup, readBackup } from '../store/repository/extract.ts';
import { findBackup } from '../store/repository/find.ts';
import { digestOf } from '../store/repository/meter.ts';
import { payloadKey, proofKey } from '../store/repository/paths.ts';
import { type PublishedBackup, readDocument } from '../store/repository/published.ts';
import { inspectTar } from '../store/repository/tar.ts';
import { payloadMismatch } from './damage.ts';
import { recordDrill } from './drill.ts';
import { withScratch } from './scratch.ts';
import type { BackupDeps } from './types.ts';
import { withWork } from './work.ts';

/** 0 it is there with its size; 1 its hash; 2 it decrypts and unpacks; 3 it starts; 4 its ledger is proven. */
export type VerifyLevel = 0 | 1 | 2 | 3 | 4;

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
    const copies = (await findBackup(deps, input.id)).filter(
      ({ store }) => input.store === undefined || store.name === input.store,
    );
    if (copies.length === 0) throw noSuchStore(input);
    const verified: VerifiedCopy[] = [];
    const failures: unknown[] = [];
    for (const copy of copies) {
      const { seen, failure } = await verifyCopy(deps, copy, input, run);
      verified.push(seen);
      if (failure !== undefined) failures.push(failure);
    }
    if (failures.length > 0) throw failures[0];
    return verified;
  });
}

async function verifyCopy(
  deps: BackupDeps,
  copy: PublishedBackup,
  input: VerifyInput,
  run: string,
): Promise<{ seen: VerifiedCopy; failure: unknown }> {
  const beginMs = deps.clock.monotonicMs();
  const failure: unknown = await look(deps, copy, input, run).then(
    () => undefined,
    (error: unknown) => error,
  );
  input.signal?.throwIfAborted();
  const nowMs = deps.clock.now();
  const tookMs = Math.round(deps.clock.monotonicMs() - beginMs);
  const { level } = input;
  const seen = { backup: copy.manifest.id, store: copy.store.name, level, at: isoTime(nowMs), tookMs };
  const drill = {
    backup: copy.manifest.id,
    level,
    passed: failure === undefined,
    problem: failure === undefined ? '' : messageOf(failure),
    tookMs,
  };
  await recordDrill(copy.store, copy.repository, drill, { signingKey: deps.signingKey, nowMs });
  return { seen, failure };
}

async function look(
  deps: BackupDeps,
  { store, base, manifest }: PublishedBackup,
  { level, signal }: VerifyInput,
  run: string,
): Promise<void> {
  const { clock, engine, identity, queries } = deps;
  const copy = { store, base, ...manifest };
  const opening = { identity, ...(signal === undefined ? {} : { signal }) };
  await checkSize({ store, base, manifest });
  if (level === 1) await checkHash({ store, base, manifest });
  if (level === 2) await readBackup(copy, opening, inspectTar);
  if (level < 3) return;
  const facts = decodeFacts(await readDocument(store, proofKey(base), manifest.proofSha256), proofKey(base));
  await withScratch(deps.workFolder, run, async (dataFolder) => {
    await extractBackup(copy, opening, dataFolder);
    const asked = level === 3 ? [] : queries;
    await rehearse(engine, dataFolder, { ...opening, queries: asked, facts, stop: 'kill', clock });
  });
}

type CopyPlace = Pick<PublishedBackup, 'store' | 'base' | 'manifest'>;

async function checkSize({ store, base, manifest }: CopyPlace): Promise<void> {
  const key = payloadKey(base);
  const object = await store.head(key);
  if (object?.sizeBytes === manifest.cipher.sizeBytes) return;
  const seen = object === undefined ? 'missing' : `${object.sizeBytes} bytes long`;
  throw new OmpayError(
    'backupDamaged',
    `${key} in ${store.name} is ${seen}; it had ${manifest.cipher.sizeBytes} bytes`,
    { hint: 'restore from another copy, or choose another backup: ompay backup list' },
  );
}

async function checkHash({ store, base, manifest }: CopyPlace): Promise<void> {
  const key = payloadKey(base);
  const seen = await digestOf(await store.get(key));
  if (seen.sha256 !== manifest.cipher.sha256) throw payloadMismatch(store, key, seen, manifest.cipher);
}

function noSuchStore({ id, store }: VerifyInput): OmpayError {
  return new OmpayError('notFound', `backup ${id} has no copy in ${store ?? 'any store'}`, {
    hint: 'ompay backup list',
  });
}
