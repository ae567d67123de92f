import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Engine } from './engine.ts';
import { type Proof, type ProofQuery, proveCopy, type SourceFacts } from './proof.ts';

/** A copy as large as this engine serves starts in seconds; one that does not in a minute does not start. */
const BOOT_TIMEOUT_MS = 60_000;

export interface Rehearsal extends Proof {
  readonly serverVersion: string;
  readonly startMs: number;
  readonly proveMs: number;
}

/**
 * Starts the extracted copy, asks it every question, stops it. The folder is fit for use afterwards only with `clean`.
 * Throws `backupDamaged` when it does not start or an answer is wrong, naming each.
 */
export async function rehearse(
  engine: Engine,
  folder: string,
  options: {
    readonly queries: readonly ProofQuery[];
    readonly facts: SourceFacts | null;
    readonly stop: 'clean' | 'kill';
    readonly clock: Clock;
    readonly signal?: AbortSignal;
  },
): Promise<Rehearsal> {
  const { clock, signal } = options;
  const startedMs = clock.monotonicMs();
  const limits = { timeoutMs: BOOT_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  const database = await engine.boot(folder, limits);
  const servingMs = clock.monotonicMs();
  let proof: Proof;
  try {
    proof = await proveCopy(database, options.queries, options.facts);
    signal?.throwIfAborted();
  } catch (error) {
    await database.stop('kill');
    throw error;
  }
  const provenMs = clock.monotonicMs();
  await database.stop(proof.isProven ? options.stop : 'kill');
  if (!proof.isProven) throw disproven(proof);
  return {
    ...proof,
    serverVersion: database.serverVersion,
    startMs: Math.round(servingMs - startedMs),
    proveMs: Math.round(provenMs - servingMs),
  };
}

/** Names each answer that is wrong. */
export function disproven(proof: Proof): OmpayError {
  const failed = proof.checks.filter(({ verdict }) => verdict === 'fail');
  const shown = failed.map(({ name, why }) => `${name}: ${why}`).join('; ');
  return new OmpayError('backupDamaged', `the copy starts, but its ledger is not proven: ${shown}`, {
    hint: 'look at the source first: ompay doctor; older backups: ompay backup list',
  });
}
