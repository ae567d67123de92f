import type { Kysely } from 'kysely';
import { uuidv7 } from '../../core/ids.ts';
import type { Dialect } from '../db/dialect.ts';
import type { Schema, UsageCounterRow } from '../db/schema.ts';

import { HOUSE } from './house.ts';
import type { AccountState, Usage } from './limits.ts';
import type { Periods } from './periods.ts';
import { periodsAt } from './periods.ts';
import type { BatchPlan, BatchState, Head, StoredKey } from './plan.ts';
import { keyName } from './plan.ts';
import type { OutgoingMessage, PostRequest } from './types.ts';

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
  requests: readonly PostRequest[],
  { dialect, nowMs }: BatchAccess,
): Promise<BatchState> {
  const head = await lockHead(trx);
  const keys = await readKeys(trx, dialect, requests);
  const claims = await readClaims(trx, requests);
  const ids = requests.flatMap(({ debitAccountId, creditAccountId }) => [debitAccountId, creditAccountId]);
  const accounts = await lockAccounts(trx, [...new Set([HOUSE.fees.id, ...ids])], periodsAt(nowMs));
  return { head, keys, claims, accounts };
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
  requests: readonly PostRequest[],
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
  requests: readonly PostRequest[],
): Promise<ReadonlySet<string>> {
  const asked = requests.map(({ claim }) => claim).filter((claim) => claim !== undefined);
  if (asked.length === 0) return new Set();
  const rows = await trx.selectFrom('transfer_claims').select('claim').where('claim', 'in', asked).execute();
  return new Set(rows.map(({ claim }) => claim));
}

/** The level comes by a subquery, not a join: its row stays unlocked, so a batch never waits for somebody who signs in. */
async function lockAccounts(
  trx: Kysely<Schema>,
  ids: readonly string[],
  periods: Periods,
): Promise<ReadonlyMap<string, AccountState>> {
  const rows = await trx
    .selectFrom('accounts')
    .select(['id', 'kind', 'balance', 'held'])
    .select(({ selectFrom }) =>
      selectFrom('users').select('kyc_level').whereRef('users.id', '=', 'accounts.user_id').as('kyc_level'),
    )
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute();
  const moved = await readCounters(trx, ids, periods);
  const usageOf = (id: string): Usage => ({
    dayOutXof: moved.get(counterName(id, periods.day, 'out')) ?? 0,
    monthOutXof: moved.get(counterName(id, periods.month, 'out')) ?? 0,
    monthInXof: moved.get(counterName(id, periods.month, 'in')) ?? 0,
  });
  return new Map(
    rows.map(({ id, kind, balance, held, kyc_level }) => [
      id,
      { id, kind, balanceXof: balance, heldXof: held, kycLevel: kyc_level, usage: usageOf(id) },
    ]),
  );
}

async function readCounters(
  trx: Kysely<Schema>,
  ids: readonly string[],
  { day, month }: Periods,
): Promise<ReadonlyMap<string, number>> {
  const rows = await trx
    .selectFrom('usage_counters')
    .selectAll()
    .where('account_id', 'in', ids)
    .where('period', 'in', [day, month])
    .execute();
  return new Map(rows.map((row) => [counterName(row.account_id, row.period, row.direction), row.amount]));
}

/** None of the three holds a space. */
function counterName(accountId: string, period: string, direction: UsageCounterRow['direction']): string {
  return `${accountId} ${period} ${direction}`;
}

/** One statement a table; none for what the batch did not touch. */
export async function writeBatch(
  trx: Kysely<Schema>,
  plan: BatchPlan<PostRequest>,
  access: BatchAccess,
): Promise<void> {
  const { dialect } = access;
  await dialect.insertRows(trx, 'idempotency_keys', plan.keys);
  if (plan.transfers.length === 0) return;
  await dialect.insertRows(trx, 'transfers', plan.transfers);
  await dialect.insertRows(trx, 'entries', plan.entries);
  await dialect.insertRows(trx, 'transfer_claims', plan.claims);
  await dialect.upsertRows(trx, 'usage_counters', plan.usage, {
    key: ['account_id', 'period', 'direction'],
    set: ['amount'],
  });
  await dialect.insertRows(
    trx,
    'outbox',
    plan.messages.map((message) => outboxRow(message, access)),
  );
  await dialect.updateNumbers(trx, { table: 'accounts', key: 'id', set: 'balance' }, plan.balances);
  const { chainSeq, chainHash } = plan.head;
  await trx
    .updateTable('ledger_head')
    .set({ chain_seq: chainSeq, chain_hash: chainHash })
    .where('id', '=', 1)
    .execute();
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
