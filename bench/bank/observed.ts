import type { Database } from '../../src/api/db/open.ts';
import type { FundsRow, HoldSeen, TransferSeen } from './history.ts';

/** What the ledger holds of these accounts, the transfers that funded them left out. */
export async function observe(
  { kysely }: Database,
  accountIds: readonly string[],
): Promise<{
  readonly after: readonly FundsRow[];
  readonly transfers: readonly TransferSeen[];
  readonly holds: readonly HoldSeen[];
}> {
  const transfers = await kysely
    .selectFrom('transfers')
    .select(['reference', 'debit_account_id', 'credit_account_id', 'amount', 'fee'])
    .where('type', '<>', 'approvisionnement')
    .where('chain_seq', 'in', ({ selectFrom }) =>
      selectFrom('entries').select('chain_seq').where('account_id', 'in', accountIds),
    )
    .execute();
  const holds = await kysely
    .selectFrom('holds')
    .select(['reference', 'status', 'held', 'account_id'])
    .where('account_id', 'in', accountIds)
    .execute();
  return {
    after: await fundsOf(kysely, accountIds),
    transfers: transfers.map((row) => ({
      reference: row.reference,
      debitAccountId: row.debit_account_id,
      creditAccountId: row.credit_account_id,
      amountXof: row.amount,
      feeXof: row.fee,
    })),
    holds: holds.map((row) => ({
      reference: row.reference,
      status: row.status,
      heldXof: row.held,
      accountId: row.account_id,
    })),
  };
}

export async function fundsOf(
  kysely: Database['kysely'],
  accountIds: readonly string[],
): Promise<readonly FundsRow[]> {
  const rows = await kysely
    .selectFrom('accounts')
    .select(['id', 'balance', 'held'])
    .where('id', 'in', accountIds)
    .execute();
  return rows.map(({ id, balance, held }) => ({ accountId: id, balanceXof: balance, heldXof: held }));
}
