import { randomInt } from 'node:crypto';
import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { uuidv7 } from '../../core/ids.ts';
import { CommitUnknownError } from '../db/errors.ts';
import type { Database } from '../db/open.ts';
import type { Schema } from '../db/schema.ts';
import type { Work } from '../db/transaction.ts';
import { applyBatch } from './apply.ts';
import { lockBatch, lockHead, writeBatch } from './batch.ts';
import { newSalt } from './description.ts';
import type { BatchPlan } from './plan.ts';
import { newHoldReference, newReference } from './reference.ts';
import type { LedgerRequest } from './requests.ts';
import type { Rules } from './rules.ts';

export interface CommitParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly readRules: () => Promise<Rules>;
  readonly sealMessage: (body: string) => string;
}

/** A reference met another's, or a commit was lost: both are rare, so more than a few in a row is something else. */
const MOST_ATTEMPTS = 5;

/**
 * Commits the requests under one transaction and gives each its result. Runs again what certainly was not kept.
 * Throws OmpayError `databaseUnavailable` when the database stays away; its message says when the outcome is unknown.
 */
export async function commitBatch<R extends LedgerRequest>(
  parts: CommitParts,
  requests: readonly R[],
): Promise<BatchPlan<R>> {
  const rules = await parts.readRules();
  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryBatch(parts, requests, rules);
    if ('decided' in tried) return tried;
    if (attempt === MOST_ATTEMPTS) throw tried.failure;
  }
}

interface NothingKept {
  readonly failure: unknown;
}

async function tryBatch<R extends LedgerRequest>(
  { db, clock, sealMessage }: CommitParts,
  requests: readonly R[],
  rules: Rules,
): Promise<BatchPlan<R> | NothingKept> {
  const plans: BatchPlan<R>[] = [];
  const work: Work<BatchPlan<R>> = async (trx) => {
    const nowMs = clock.now();
    const drawn = {
      newId: () => uuidv7(nowMs),
      newReference: () => newReference(nowMs),
      newHoldReference: () => newHoldReference(nowMs),
      newCode,
      newSalt,
    };
    const access = { dialect: db.dialect, nowMs, sealMessage };
    const state = await lockBatch(trx, requests, access);
    const plan = applyBatch(requests, state, { nowMs, rules, ...drawn });
    plans.push(plan);
    await writeBatch(trx, plan, access);
    return plan;
  };
  try {
    return await db.transaction(work);
  } catch (error) {
    if (db.dialect.isDuplicateKey(error)) return { failure: error };
    if (!(error instanceof CommitUnknownError)) throw error;
    return (await keptPlan(db, plans)) ?? { failure: lostInCommit(error) };
  }
}

/**
 * After a connection lost in COMMIT. The dying session holds the head until its transaction is over, one way or the
 * other, so once the head is locked here the answer is final. A batch that left no trace may simply be run again.
 */
async function keptPlan<R>(db: Database, plans: readonly BatchPlan<R>[]): Promise<BatchPlan<R> | undefined> {
  const look = db.transaction(async (trx) => {
    await lockHead(trx);
    const kept: BatchPlan<R>[] = [];
    for (const plan of plans) if (await isKept(trx, plan)) kept.push(plan);
    return kept.at(0);
  });
  return look.catch((cause: unknown) => {
    throw outcomeUnknown(cause);
  });
}

/** A transfer or a hold that it made is there, or a hold is settled as it settled it. */
async function isKept(trx: Kysely<Schema>, plan: BatchPlan<unknown>): Promise<boolean> {
  const [transfer] = plan.transfers;
  if (transfer !== undefined) return hasRow(trx.selectFrom('transfers').where('id', '=', transfer.id));
  const [hold] = plan.newHolds;
  if (hold !== undefined) return hasRow(trx.selectFrom('holds').where('id', '=', hold.id));
  const settled = plan.changedHolds.find(({ status }) => status !== 'en_attente');
  if (settled === undefined) return false;
  const { id, status, resolved_at_ms } = settled;
  return hasRow(
    trx
      .selectFrom('holds')
      .where('id', '=', id)
      .where('status', '=', status)
      .where('resolved_at_ms', '=', resolved_at_ms),
  );
}

async function hasRow<T extends 'transfers' | 'holds'>(
  rows: SelectQueryBuilder<Schema, T, object>,
): Promise<boolean> {
  return (await rows.select(({ lit }) => lit(1).as('one')).execute()).length > 0;
}

/** A customer reads it to a distributor, so it is short; what bounds guessing is the number of tries. */
function newCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

function lostInCommit(cause: unknown): OmpayError {
  return new OmpayError(
    'databaseUnavailable',
    'the connection was lost in COMMIT each time, and nothing was kept',
    {
      hint: 'ask again; see the database log for why connections end',
      cause,
    },
  );
}

function outcomeUnknown(cause: unknown): OmpayError {
  return new OmpayError(
    'databaseUnavailable',
    `whether the transfer was kept is unknown: ${messageOf(cause)}`,
    {
      hint: 'ask again with the same Idempotency-Key',
      cause,
    },
  );
}
