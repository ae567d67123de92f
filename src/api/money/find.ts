import type { Database } from '../db/open.ts';
import { readOperation } from '../ledger/history.ts';
import { transactionView } from './transaction.ts';

/** An account's own operation as answers show it, whatever became of it and whichever side the account is; undefined for another's. */
export async function findTransaction(
  { kysely }: Database,
  { accountId, reference }: { readonly accountId: string; readonly reference: string },
): Promise<Readonly<Record<string, string | number | null>> | undefined> {
  const item = await readOperation(kysely, { accountId, reference });
  if (item === undefined) return undefined;
  return transactionView(item, item.debitAccountId === accountId ? 'debit' : 'credit', item.status);
}
