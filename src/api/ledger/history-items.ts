import { type Kysely, sql } from 'kysely';
import type { Schema, TransferStatus } from '../db/schema.ts';
import type { HistoryItem } from './history.ts';
import { cursorOf } from './history-places.ts';

/** Which lines of the account. */
type TransferKey = { readonly chainSeqs: readonly number[] } | { readonly reference: string };
type HoldKey = { readonly holdIds: readonly string[] } | { readonly reference: string };

export async function readTransferItems(
  kysely: Kysely<Schema>,
  accountId: string,
  key: TransferKey,
): Promise<readonly HistoryItem[]> {
  const rows = await selectTransfers(kysely, accountId)
    .where(({ eb }) =>
      'reference' in key
        ? eb('transfers.reference', '=', key.reference)
        : eb('entries.chain_seq', 'in', key.chainSeqs),
    )
    .execute();
  return rows.map(({ chainSeq, ...row }) => ({ ...row, cursor: cursorOf(chainSeq, '') }));
}

/** A transfer that staff undid reads `annule`; its own row is never changed. */
function selectTransfers(kysely: Kysely<Schema>, accountId: string) {
  return kysely
    .selectFrom('entries')
    .innerJoin('transfers', 'transfers.chain_seq', 'entries.chain_seq')
    .leftJoin('reversals', 'reversals.reverses_id', 'transfers.id')
    .where('entries.account_id', '=', accountId)
    .select([
      'transfers.id',
      'transfers.reference',
      'transfers.type',
      'transfers.amount as amountXof',
      'transfers.fee as feeXof',
      'transfers.description',
      'transfers.debit_account_id as debitAccountId',
      'transfers.credit_account_id as creditAccountId',
      'transfers.created_at_ms as createdAtMs',
      'entries.amount as entryXof',
      'entries.balance_after as balanceAfterXof',
      'entries.chain_seq as chainSeq',
      sql<TransferStatus>`case when reversals.transfer_id is null then transfers.status else 'annule' end`.as(
        'status',
      ),
    ]);
}

export async function readHoldItems(
  kysely: Kysely<Schema>,
  accountId: string,
  key: HoldKey,
): Promise<readonly HistoryItem[]> {
  const rows = await kysely
    .selectFrom('holds')
    .selectAll()
    .where('account_id', '=', accountId)
    .where(({ eb }) =>
      'reference' in key ? eb('reference', '=', key.reference) : eb('id', 'in', key.holdIds),
    )
    .execute();
  return rows.map((row) => ({
    id: row.id,
    reference: row.reference,
    type: row.type,
    status: row.status,
    amountXof: row.amount,
    feeXof: row.fee,
    description: row.description,
    debitAccountId: row.type === 'retrait' ? accountId : null,
    creditAccountId: row.type === 'depot' ? accountId : null,
    createdAtMs: row.created_at_ms,
    entryXof: 0,
    balanceAfterXof: null,
    cursor: cursorOf(row.opened_seq, row.id),
  }));
}
