import type { Database } from '../db/open.ts';
import { transactionView } from './transaction.ts';

/** An account's own transaction as answers show it, whichever of the two sides the account is; undefined for another's. */
export async function findTransaction(
  { kysely }: Database,
  { accountId, reference }: { readonly accountId: string; readonly reference: string },
): Promise<Readonly<Record<string, string | number | null>> | undefined> {
  const transfer = await kysely
    .selectFrom('transfers')
    .select([
      'id',
      'reference',
      'type',
      'status',
      'amount as amountXof',
      'fee as feeXof',
      'description',
      'debit_account_id as debitAccountId',
      'created_at_ms as createdAtMs',
    ])
    .where('reference', '=', reference)
    .where((either) =>
      either.or([either('debit_account_id', '=', accountId), either('credit_account_id', '=', accountId)]),
    )
    .executeTakeFirst();
  if (transfer === undefined) return undefined;
  const side = transfer.debitAccountId === accountId ? 'debit' : 'credit';
  return transactionView(transfer, side, transfer.status);
}
