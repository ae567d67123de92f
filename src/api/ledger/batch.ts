import type { Kysely } from 'kysely';
import { uuidv7 } from '../../core/ids.ts';
import type { Dialect } from '../db/dialect.ts';
import type { Schema, UsageCounterRow } from '../db/schema.ts';
import type { BatchPlan, BatchState, Head, StoredKey } from './apply.ts';
import { keyName } from './apply.ts';
import { HOUSE } from './house.ts';
import type { AccountState } from './limits.ts';
import type { Periods } from './periods.ts';
import { periodsAt } from './periods.ts';
import type { OutgoingMessage, PostRequest } from './types.ts';

/**
 * Locks the head of the ledger, then every account of the batch in the order of ids, and reads what decides.
 * The head is locked first by every process, so batches go one after the other and cannot deadlock; what a batch reads
 * without a lock of its own (keys, counters, levels) was committed by the batches before, under READ COMMITTED.
 */
export async function lockBatch(
  trx: Kysely<Schema>,
  requests: readonly PostRequest[],
  nowMs: number,
): Promise<BatchState> {
  const head = await lockHead(trx);
  const keys = await readKeys(trx, requests);
  const ids = requests.flatMap(({ debitAccountId, creditAccountId }) => [debitAccountId, creditAccountId]);
  const accounts = await lockAccounts(trx, [...new Set([HOUSE.fees.id, ...ids])], periodsAt(nowMs));
  return { head, keys, accounts };
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
  requests: readonly PostRequest[],
): Promise<ReadonlyMap<string, StoredKey>> {
  const asked = requests.map(({ idempotency }) => idempotency).filter((key) => key !== null);
  if (asked.length === 0) return new Map();
  const rows = await trx
    .selectFrom('idempotency_keys')
    .select(['owner_id', 'idempotency_key', 'fingerprint', 'status_code', 'body'])
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('owner_id', 'idempotency_key'),
        'in',
        asked.map(({ ownerId, key }) => tuple(ownerId, key)),
      ),
    )
    .execute();
  return new Map(
    rows.map(({ owner_id, idempotency_key, fingerprint, status_code, body }) => [
      keyName(owner_id, idempotency_key),
      { fingerprint, statusCode: status_code, body },
    ]),
  );
}

/** Subqueries, not joins: their rows stay unlocked, so a batch never waits for somebody who signs in. */
async function lockAccounts(
  trx: Kysely<Schema>,
  ids: readonly string[],
  { day, month }: Periods,
): Promise<ReadonlyMap<string, AccountState>> {
  const rows = await trx
    .selectFrom('accounts')
    .select(['id', 'kind', 'balance', 'held'])
    .select(({ selectFrom }) => {
      const moved = (period: string, direction: UsageCounterRow['direction']) =>
        selectFrom('usage_counters')
          .select('amount')
          .whereRef('account_id', '=', 'accounts.id')
          .where('period', '=', period)
          .where('direction', '=', direction);
      return [
        selectFrom('users').select('kyc_level').whereRef('users.id', '=', 'accounts.user_id').as('kyc_level'),
        moved(day, 'out').as('day_out'),
        moved(month, 'out').as('month_out'),
        moved(month, 'in').as('month_in'),
      ];
    })
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute();
  return new Map(
    rows.map(({ id, kind, balance, held, kyc_level, day_out, month_out, month_in }) => [
      id,
      {
        id,
        kind,
        balanceXof: balance,
        heldXof: held,
        kycLevel: kyc_level,
        usage: { dayOutXof: day_out ?? 0, monthOutXof: month_out ?? 0, monthInXof: month_in ?? 0 },
      },
    ]),
  );
}

export interface BatchWriting {
  readonly dialect: Dialect;
  readonly nowMs: number;
  readonly sealMessage: (body: string) => string;
}

/** One statement a table; none for what the batch did not touch. */
export async function writeBatch(
  trx: Kysely<Schema>,
  plan: BatchPlan<PostRequest>,
  writing: BatchWriting,
): Promise<void> {
  const { dialect } = writing;
  await dialect.insertRows(trx, 'idempotency_keys', plan.keys);
  if (plan.transfers.length === 0) return;
  await dialect.insertRows(trx, 'transfers', plan.transfers);
  await dialect.insertRows(trx, 'entries', plan.entries);
  await dialect.upsertRows(trx, 'usage_counters', plan.usage, {
    key: ['account_id', 'period', 'direction'],
    set: ['amount'],
  });
  await dialect.insertRows(
    trx,
    'outbox',
    plan.messages.map((message) => outboxRow(message, writing)),
  );
  await dialect.updateNumbers(trx, { table: 'accounts', key: 'id', set: 'balance' }, plan.balances);
  const { chainSeq, chainHash } = plan.head;
  await trx
    .updateTable('ledger_head')
    .set({ chain_seq: chainSeq, chain_hash: chainHash })
    .where('id', '=', 1)
    .execute();
}

function outboxRow({ channel, recipient, body }: OutgoingMessage, { nowMs, sealMessage }: BatchWriting) {
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
