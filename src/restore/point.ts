import { rm } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Progress } from '../core/progress.ts';
import type { Secret } from '../core/secret.ts';
import { type ReplayDialect, removeRelayLogs, replay } from '../engine/mysql/replay/replay.ts';
import { reapScratch, type ScratchServer, type ScratchSettings } from '../engine/mysql/server.ts';
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
import type { PointPlan } from './point-plan.ts';
import { isOfCopy } from './restore.ts';
import { assertAttainable, assertTables } from './table-names.ts';

/** Recovery of what was written while a large clone ran. */
const START_TIMEOUT_MS = 10 * 60_000;
/** As long as the requirements allow a restore to take. */
const REPLAY_TIMEOUT_MS = 4 * 3_600_000;

export interface PointDeps {
  readonly clock: Clock;
  readonly scratch: ScratchSettings & { readonly database: string };
  /** MySQL's unless it is said. */
  readonly replayDialect?: ReplayDialect;
  readonly queries: readonly ProofQuery[];
  readonly identity: Secret;
  /** Is told of bytes that are read. */
  readonly progress?: Progress;
  readonly formerIdentities?: readonly Secret[];
}

export interface PointRestored {
  readonly backup: string;
  readonly store: string;
  readonly into: string;
  readonly serverVersion: string;
  readonly checks: readonly ProofCheck[];
  readonly passedOver: readonly { readonly store: string; readonly error: unknown }[];
  /** The base is fetched, decrypted and extracted in one go. */
  readonly extractMs: number;
  readonly startMs: number;
  readonly replayMs: number;
  readonly proveMs: number;
  /** The server writes all down. */
  readonly stopMs: number;
}

/**
 * Does what the plan says beside `into`: base, log, proof, clean stop; only then it is renamed into place. Throws
 * `backupDamaged` when anything but exactly the target comes out; then `into` is as it was.
 */
export async function restorePoint(
  deps: PointDeps,
  plan: PointPlan,
  { into, signal }: { readonly into: string; readonly signal?: AbortSignal },
): Promise<PointRestored> {
  await clearPlace(reapScratch, into);
  return makeInPlace(into, (folder) =>
    makePoint(deps, plan, { folder, into, ...(signal === undefined ? {} : { signal }) }),
  );
}

export interface MakeRequest {
  /** Absent; becomes the data folder. */
  readonly folder: string;
  /** What it will be called. */
  readonly into: string;
  /** Without each of which it is of no use: `notFound` is thrown as soon as that is known. */
  readonly tables?: readonly string[];
  readonly signal?: AbortSignal;
}

/** The same in a folder of the caller's, who removes what a failure leaves in it. */
export async function makePoint(
  deps: PointDeps,
  plan: PointPlan,
  { folder, into, tables = [], signal }: MakeRequest,
): Promise<PointRestored> {
  const beginMs = deps.clock.monotonicMs();
  const { copy, facts, passedOver } = await extractFirstGood(deps, plan, folder, signal);
  const extractMs = Math.round(deps.clock.monotonicMs() - beginMs);
  const proven = await replayAndProve(deps, plan, { folder, facts, tables, signal });
  await removeRelayLogs(folder);
  const { manifest, store } = copy;
  return { backup: manifest.id, store: store.name, into, passedOver, extractMs, ...proven };
}

interface Extracted {
  readonly copy: PublishedBackup;
  readonly facts: SourceFacts | null;
  readonly passedOver: PointRestored['passedOver'];
}

async function extractFirstGood(
  { identity, formerIdentities = [], progress }: PointDeps,
  { copies }: PointPlan,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Extracted> {
  const opening = {
    identity,
    formerIdentities,
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  };
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

interface ReplayInput {
  readonly folder: string;
  readonly facts: SourceFacts | null;
  readonly tables: readonly string[];
  readonly signal: AbortSignal | undefined;
}

async function replayAndProve(
  { clock, scratch, queries, replayDialect }: PointDeps,
  { resolved }: PointPlan,
  { folder, facts, tables, signal }: ReplayInput,
): Promise<Pick<PointRestored, 'serverVersion' | 'checks' | 'startMs' | 'replayMs' | 'proveMs' | 'stopMs'>> {
  const beginMs = clock.monotonicMs();
  let startedMs = beginMs;
  const wanted = { database: scratch.database, tables };
  const server = await replay(scratch, {
    folder,
    database: scratch.database,
    target: resolved,
    ...(replayDialect === undefined ? {} : { dialect: replayDialect }),
    startTimeoutMs: START_TIMEOUT_MS,
    timeoutMs: REPLAY_TIMEOUT_MS,
    onStarted: async (session) => {
      startedMs = clock.monotonicMs();
      if (tables.length > 0) await assertAttainable(session, wanted, resolved.files);
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const replayedMs = clock.monotonicMs();
  const { checks, serverVersion } = await orKill(server, async () => {
    if (tables.length > 0) await assertTables(server.session, wanted);
    return prove(server, queries, facts);
  });
  const provenMs = clock.monotonicMs();
  await server.stop('clean');
  return {
    serverVersion,
    checks,
    startMs: Math.round(startedMs - beginMs),
    replayMs: Math.round(replayedMs - startedMs),
    proveMs: Math.round(provenMs - replayedMs),
    stopMs: Math.round(clock.monotonicMs() - provenMs),
  };
}

async function orKill<T>(server: ScratchServer, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await server.stop('kill');
    throw error;
  }
}

/** What the source had before the base was copied must still be there; nobody knows what it had at the target. */
async function prove(
  { session, openQuestions }: ScratchServer,
  queries: readonly ProofQuery[],
  facts: SourceFacts | null,
): Promise<{ readonly checks: readonly ProofCheck[]; readonly serverVersion: string }> {
  const known = facts === null ? null : { before: facts.before, after: {} };
  const proof = await proveCopy(await openQuestions(), queries, known);
  if (!proof.isProven) throw disproven(proof);
  const [version = ''] = await session.values('select version()');
  return {
    checks: proof.checks,
    serverVersion: `${/MariaDB/.test(version) ? 'MariaDB' : 'MySQL'} ${version}`,
  };
}
