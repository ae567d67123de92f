import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { Secret } from '../core/secret.ts';
import type { BootedDatabase } from '../engine/engine.ts';
import { lsnText, parseLsn, readControlFile } from '../engine/pglite/control.ts';
import { bootPostgres, reapPostgres } from '../engine/postgres/boot.ts';
import type { PostgresSettings } from '../engine/postgres/settings.ts';
import { showSegments } from '../engine/postgres/wal/segments.ts';
import type { WalStop } from '../engine/postgres/wal/target.ts';
import {
  decodeFacts,
  type ProofCheck,
  type ProofQuery,
  proveCopy,
  type SourceFacts,
} from '../engine/proof.ts';
import { disproven } from '../engine/rehearse.ts';
import { extractBackup } from '../store/repository/extract.ts';
import { proofKey } from '../store/repository/paths.ts';
import { type PublishedBackup, readDocument } from '../store/repository/published.ts';
import { clearPlace, makeInPlace } from './place.ts';
import type { WalPointPlan } from './postgres-plan.ts';
import { isOfCopy } from './restore.ts';

/** As long as the requirements allow a restore to take. */
const REPLAY_TIMEOUT_MS = 4 * 3_600_000;
/** Beside the data folder, which is where a server's relative paths begin. */
const LOG_FOLDER = 'wal';

export interface WalPointDeps {
  readonly clock: Clock;
  readonly postgres: PostgresSettings;
  readonly queries: readonly ProofQuery[];
  readonly identity: Secret;
  readonly formerIdentities?: readonly Secret[];
  /** Is told of bytes that are read. */
  readonly progress?: Progress;
}

export interface WalPointRestored {
  readonly backup: string;
  readonly store: string;
  readonly into: string;
  readonly serverVersion: string;
  readonly checks: readonly ProofCheck[];
  readonly passedOver: readonly { readonly store: string; readonly error: unknown }[];
  /** The end of the last record that was replayed. */
  readonly replayedTo: string;
  readonly extractMs: number;
  readonly replayMs: number;
  readonly proveMs: number;
  readonly stopMs: number;
}

interface PlaceRequest {
  readonly into: string;
  readonly signal?: AbortSignal;
}

/**
 * Does what the plan says beside `into`: base, log, proof, clean stop; only then it is renamed into place. Throws
 * `backupDamaged` when anything but exactly the target comes out; then `into` is as it was.
 */
export async function restoreWalPoint(
  deps: WalPointDeps,
  plan: WalPointPlan,
  { into, signal }: PlaceRequest,
): Promise<WalPointRestored> {
  await clearPlace(reapPostgres, into);
  return makeInPlace(into, async (folder) => {
    const beginMs = deps.clock.monotonicMs();
    const { copy, facts, passedOver } = await extractFirstGood(deps, plan, folder, signal);
    await assertTimeline(folder, plan);
    const extractMs = Math.round(deps.clock.monotonicMs() - beginMs);
    await showSegments(plan.epoch.folder, plan.segments, join(dirname(folder), LOG_FOLDER));
    const proven = await replayAndProve(deps, plan, { folder, facts, ...(signal && { signal }) });
    return { backup: copy.manifest.id, store: copy.store.name, into, passedOver, extractMs, ...proven };
  });
}

interface Extracted {
  readonly copy: PublishedBackup;
  readonly facts: SourceFacts | null;
  readonly passedOver: WalPointRestored['passedOver'];
}

async function extractFirstGood(
  { identity, formerIdentities = [], progress }: WalPointDeps,
  { copies }: WalPointPlan,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Extracted> {
  const opening = { identity, formerIdentities, ...(progress && { progress }), ...(signal && { signal }) };
  const passedOver: { store: string; error: unknown }[] = [];
  for (const copy of copies) {
    const { store, base, manifest } = copy;
    try {
      const proof = await readDocument(store, proofKey(base), manifest.proofSha256);
      const facts = decodeFacts(proof, proofKey(base));
      await extractBackup({ store, base, ...manifest }, opening, folder);
      return { copy, facts, passedOver };
    } catch (error) {
      if (!isOfCopy(error)) throw error;
      passedOver.push({ store: store.name, error });
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw passedOver[0]?.error;
}

/** A manifest does not say it, and log of another timeline would be passed over by the server. */
async function assertTimeline(folder: string, { epoch, copies }: WalPointPlan): Promise<void> {
  const { timeline } = await readControlFile(folder);
  if (timeline === epoch.timeline) return;
  const what = `the target cannot be reached: the base ${copies[0].manifest.id} is of timeline ${timeline}, and the log of timeline ${epoch.timeline}`;
  throw new OmpayError('notFound', what, {
    hint: 'restore to a time before the server changed its timeline; then make a base: ompay backup create',
  });
}

async function replayAndProve(
  { clock, postgres, queries }: WalPointDeps,
  { stop }: WalPointPlan,
  { folder, facts, signal }: { folder: string; facts: SourceFacts | null; signal?: AbortSignal },
): Promise<
  Pick<WalPointRestored, 'serverVersion' | 'checks' | 'replayedTo' | 'replayMs' | 'proveMs' | 'stopMs'>
> {
  const beginMs = clock.monotonicMs();
  await writeFile(join(folder, 'recovery.signal'), '', { mode: 0o600 });
  const limits = { timeoutMs: REPLAY_TIMEOUT_MS, ...(signal && { signal }) };
  const server = await bootPostgres(postgres, folder, limits, recoveryOf(stop));
  const replayedMs = clock.monotonicMs();
  try {
    const replayedTo = await assertReached(server, stop);
    // What the source had before the base was copied must still be there; nobody knows what it had at the target.
    const known = facts === null ? null : { before: facts.before, after: {} };
    const proof = await proveCopy(server, queries, known);
    if (!proof.isProven) throw disproven(proof);
    signal?.throwIfAborted();
    const provenMs = clock.monotonicMs();
    await server.stop('clean');
    return {
      serverVersion: server.serverVersion,
      checks: proof.checks,
      replayedTo,
      replayMs: Math.round(replayedMs - beginMs),
      proveMs: Math.round(provenMs - replayedMs),
      stopMs: Math.round(clock.monotonicMs() - provenMs),
    };
  } catch (error) {
    await server.stop('kill');
    throw error;
  }
}

/**
 * Of a target that is not reached PostgreSQL makes an error and ends. Targets of the source's own go first: an empty one
 * after ours would be a second. No path needs quoting: they are relative.
 */
function recoveryOf({ lsn, isInclusive }: WalStop): readonly string[] {
  return [
    'recovery_target=',
    'recovery_target_name=',
    'recovery_target_time=',
    'recovery_target_xid=',
    `recovery_target_lsn=${lsnText(lsn)}`,
    `recovery_target_inclusive=${isInclusive ? 'on' : 'off'}`,
    'recovery_target_timeline=current',
    'recovery_target_action=promote',
    `restore_command=cp ../${LOG_FOLDER}/%f %p`,
    'archive_cleanup_command=',
    'recovery_end_command=',
    'primary_conninfo=',
  ];
}

/** Not that we believe it of the server's log: it is asked. */
async function assertReached(server: BootedDatabase, { lsn, isInclusive }: WalStop): Promise<string> {
  const [row] =
    (await server.rows('select pg_is_in_recovery() as recovers, pg_last_wal_replay_lsn() as lsn')) ?? [];
  const { recovers, lsn: replayedTo = '' } = row ?? {};
  const replayed = replayedTo === '' ? 0n : parseLsn(replayedTo);
  const isThere = isInclusive ? replayed > lsn : replayed <= lsn;
  if (recovers === 'f' && replayedTo !== '' && isThere) return replayedTo;
  throw new OmpayError('backupDamaged', `the log was replayed to ${replayedTo}, not to ${lsnText(lsn)}`, {
    hint: 'choose another target: ompay restore --to TIME --plan; other bases: ompay backup list',
  });
}
