import type { Kysely } from 'kysely';
import type { Dialect } from '../db/dialect.ts';
import type { HoldRow, ReversalRow, Schema } from '../db/schema.ts';
import type { BatchPlan } from './plan.ts';
import type { LedgerRequest, ResolveRequest, ReverseRequest } from './requests.ts';

/**
 * The pending holds that a batch may need: of accounts of which something is held, since a movement first gives back
 * what is overdue, and of those that requests name. Most batches have neither, and read nothing.
 * They change under the lock of the ledger's head alone, so no lock of theirs is needed.
 */
export async function readHolds(
  trx: Kysely<Schema>,
  requests: readonly LedgerRequest[],
  accounts: readonly { readonly id: string; readonly held: number }[],
): Promise<readonly HoldRow[]> {
  const named = requests.flatMap((request) =>
    request.operation === undefined || request.operation === 'reverse' ? [] : [request.accountId],
  );
  const holding = accounts.filter(({ held }) => held > 0).map(({ id }) => id);
  const ids = [...new Set([...named, ...holding])];
  const pending = ids.length === 0 ? [] : await readPending(trx, ids);
  return [...pending, ...(await readSettled(trx, requests)), ...(await readPosted(trx, requests))];
}

function readPending(trx: Kysely<Schema>, accountIds: readonly string[]): Promise<readonly HoldRow[]> {
  return trx
    .selectFrom('holds')
    .selectAll()
    .where('account_id', 'in', accountIds)
    .where('status', '=', 'en_attente')
    .orderBy('id')
    .execute();
}

/** What a request would void or expire may be settled already: it is told as what. */
async function readSettled(
  trx: Kysely<Schema>,
  requests: readonly LedgerRequest[],
): Promise<readonly HoldRow[]> {
  const ids = requests.filter(isResolve).map(({ holdId }) => holdId);
  if (ids.length === 0) return [];
  return trx
    .selectFrom('holds')
    .selectAll()
    .where('id', 'in', ids)
    .where('status', '<>', 'en_attente')
    .execute();
}

/** A transfer that is to be undone may have been an operation: that tells when it was counted. */
async function readPosted(
  trx: Kysely<Schema>,
  requests: readonly LedgerRequest[],
): Promise<readonly HoldRow[]> {
  const ids = requests.filter(isReverse).map(({ original }) => original.id);
  if (ids.length === 0) return [];
  return trx.selectFrom('holds').selectAll().where('transfer_id', 'in', ids).execute();
}

function isResolve(request: LedgerRequest): request is ResolveRequest {
  return request.operation === 'void' || request.operation === 'expire';
}

/** Whether the transfers that are to be undone were, or are undoings themselves. */
export async function readReversals(
  trx: Kysely<Schema>,
  requests: readonly LedgerRequest[],
): Promise<readonly ReversalRow[]> {
  const ids = requests.filter(isReverse).map(({ original }) => original.id);
  if (ids.length === 0) return [];
  return trx
    .selectFrom('reversals')
    .selectAll()
    .where(({ or, eb }) => or([eb('reverses_id', 'in', ids), eb('transfer_id', 'in', ids)]))
    .execute();
}

function isReverse(request: LedgerRequest): request is ReverseRequest {
  return request.operation === 'reverse';
}

/** When that was counted which the batch may give back. */
export function countedAt(requests: readonly LedgerRequest[], holds: readonly HoldRow[]): readonly number[] {
  const reversed = requests.filter(isReverse).map(({ original }) => original);
  return [...holds, ...reversed].map(({ created_at_ms }) => created_at_ms);
}

export async function writeHolds(
  trx: Kysely<Schema>,
  { newHolds, changedHolds }: BatchPlan<LedgerRequest>,
  dialect: Dialect,
): Promise<void> {
  await dialect.insertRows(trx, 'holds', newHolds);
  await dialect.upsertRows(trx, 'holds', changedHolds, {
    key: ['id'],
    set: ['status', 'tries', 'transfer_id', 'resolved_at_ms'],
  });
}
