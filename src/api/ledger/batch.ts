import type { Kysely } from 'kysely';
import { uuidv7 } from '../../core/ids.ts';
import { ledgerEvents } from '../audit/ledger-events.ts';
import { writeAudit } from '../audit/write.ts';
import type { Dialect } from '../db/dialect.ts';
import type { Schema } from '../db/schema.ts';
import { countedAt, readHolds, readReversals, writeHolds } from './batch-holds.ts';

import { HOUSE } from './house.ts';
import type { AccountState } from './limits.ts';
import type { BatchPlan, BatchState, Head, StoredKey } from './plan.ts';
import { keyName } from './plan.ts';
import { readUsage, type UsageRead } from './read-usage.ts';
import type { LedgerRequest } from './requests.ts';
import type { OutgoingMessage } from './types.ts';

export interface BatchAccess {
  readonly dialect: Dialect;
  readonly nowMs: number;
  readonly sealMessage: (body: string) => string;
}

/**
 * Locks the head of the ledger, then every account of the batch in the order of ids, and reads what decides.
 * The head is locked first by every process, so batches go one after the other and cannot deadlock; what a batch reads
 * without a lock of its own (keys, counters, levels) was committed by the batches before, under READ COMMITTED.
 */
export async function lockBatch(
  trx: Kysely<Schema>,
  requests: readonly LedgerRequest[],
  { dialect, nowMs }: BatchAccess,
): Promise<BatchState> {
  const head = await lockHead(trx);
  const keys = await readKeys(trx, dialect, requests);
  const claims = await readClaims(trx, requests);
  const ids = [...new Set([HOUSE.fees.id, ...requests.flatMap(accountsOf)])];
  const rows = await lockAccounts(trx, ids);
  const holds = await readHolds(trx, requests, rows);
  const reversals = await readReversals(trx, requests);
  const usage = await readUsage(trx, ids, { nowMs, alsoAtMs: countedAt(requests, holds) });
  return {
    head,
    keys,
    claims,
    holds,
    reversals,
    accounts: new Map(rows.map((row) => [row.id, stateOf(row, usage)])),
    pastUsage: usage.past,
  };
}

/** The accounts that a request may change. */
function accountsOf(request: LedgerRequest): readonly string[] {
  switch (request.operation) {
    case undefined:
      return [request.debitAccountId, request.creditAccountId];
    case 'confirm':
      return [request.accountId, request.counterpartyId];
    case 'reverse':
      return [request.original.debit_account_id, request.original.credit_account_id];
    default:
      return [request.accountId];
  }
}

export async function lockHead(trx: Kysely<Schema>): Promise<Head> {
  const row = await trx
    .selectFrom('ledger_head')
    .selectAll()
    .where('id', '=', 1)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { chainSeq: row.chain_seq, chainHash: row.chain_hash };
}

async function readKeys(
  trx: Kysely<Schema>,
  dialect: Dialect,
  requests: readonly LedgerRequest[],
): Promise<ReadonlyMap<string, StoredKey>> {
  const asked = requests.map(({ idempotency }) => idempotency).filter((key) => key !== null);
  if (asked.length === 0) return new Map();
  const keys = asked.map(({ ownerId, key }) => ({ owner_id: ownerId, idempotency_key: key }));
  const rows = await trx
    .selectFrom('idempotency_keys')
    .select(['owner_id', 'idempotency_key', 'fingerprint', 'status_code', 'body'])
    .where(dialect.matchesOne('idempotency_keys', ['owner_id', 'idempotency_key'], keys))
    .execute();
  return new Map(
    rows.map(({ owner_id, idempotency_key, fingerprint, status_code, body }) => [
      keyName(owner_id, idempotency_key),
      { fingerprint, statusCode: status_code, body },
    ]),
  );
}

async function readClaims(
  trx: Kysely<Schema>,
  requests: readonly LedgerRequest[],
): Promise<ReadonlySet<string>> {
  const asked = requests
    .map((request) => (request.operation === undefined ? request.claim : undefined))
    .filter((claim) => claim !== undefined);
  if (asked.length === 0) return new Set();
  const rows = await trx.selectFrom('transfer_claims').select('claim').where('claim', 'in', asked).execute();
  return new Set(rows.map(({ claim }) => claim));
}

/** The level comes by a subquery, not a join: its row stays unlocked, so a batch never waits for somebody who signs in. */
function lockAccounts(trx: Kysely<Schema>, ids: readonly string[]) {
  return trx
    .selectFrom('accounts')
    .select(['id', 'kind', 'balance', 'held'])
    .select(({ selectFrom }) =>
      selectFrom('users').select('kyc_level').whereRef('users.id', '=', 'accounts.user_id').as('kyc_level'),
    )
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute();
}

type LockedAccount = Awaited<ReturnType<typeof lockAccounts>>[number];

function stateOf({ id, kind, balance, held, kyc_level }: LockedAccount, usage: UsageRead): AccountState {
  return { id, kind, balanceXof: balance, heldXof: held, kycLevel: kyc_level, usage: usage.of(id) };
}

/** One statement a table; none for what the batch did not touch. */
export async function writeBatch(
  trx: Kysely<Schema>,
  plan: BatchPlan<LedgerRequest>,
  access: BatchAccess,
): Promise<void> {
  const { dialect } = access;
  await dialect.insertRows(trx, 'idempotency_keys', plan.keys);
  await writeHolds(trx, plan, dialect);
  await dialect.upsertRows(trx, 'usage_counters', plan.usage, {
    key: ['account_id', 'period', 'direction'],
    set: ['amount'],
  });
  await dialect.insertRows(
    trx,
    'outbox',
    plan.messages.map((message) => outboxRow(message, access)),
  );
  // In this order an account's balance covers what is held of it after each statement.
  await setAccounts(trx, dialect, 'held', plan.lowered);
  await setAccounts(trx, dialect, 'balance', plan.balances);
  await setAccounts(trx, dialect, 'held', plan.raised);
  if (plan.transfers.length > 0) await writeTransfers(trx, plan, dialect);
  // Last, as it locks the trail's head for everyone.
  await writeAudit(trx, dialect, ledgerEvents(plan), access.nowMs);
}

async function writeTransfers(
  trx: Kysely<Schema>,
  { transfers, entries, seals, claims, reversals, head }: BatchPlan<LedgerRequest>,
  dialect: Dialect,
): Promise<void> {
  await dialect.insertRows(trx, 'transfers', transfers);
  await dialect.insertRows(trx, 'entries', entries);
  await dialect.insertRows(trx, 'description_seals', seals);
  await dialect.insertRows(trx, 'transfer_claims', claims);
  await dialect.insertRows(trx, 'reversals', reversals);
  await trx
    .updateTable('ledger_head')
    .set({ chain_seq: head.chainSeq, chain_hash: head.chainHash })
    .where('id', '=', 1)
    .execute();
}

async function setAccounts(
  trx: Kysely<Schema>,
  dialect: Dialect,
  set: 'balance' | 'held',
  values: ReadonlyMap<string, number>,
): Promise<void> {
  if (values.size > 0) await dialect.updateNumbers(trx, { table: 'accounts', key: 'id', set }, values);
}

function outboxRow({ channel, recipient, body }: OutgoingMessage, { nowMs, sealMessage }: BatchAccess) {
  return {
    id: uuidv7(nowMs),
    channel,
    recipient,
    body_encrypted: sealMessage(body),
    created_at_ms: nowMs,
    available_at_ms: nowMs,
    attempts: 0,
    delivered_at_ms: 0,
  };
}
