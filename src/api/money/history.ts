import {
  type HistoryFilter,
  type HistoryItem,
  readHistoryBefore,
  readHistoryPage,
} from '../ledger/history.ts';
import type { RequestOf, RequestSchema } from '../schemas/json.ts';
import type { Services } from '../services.ts';
import { transactionView } from './transaction.ts';

export const HISTORY_QUERY = {
  type: 'object',
  properties: {
    page: { type: 'integer', minimum: 1, maximum: 10_000, default: 1 },
    per_page: { type: 'integer', minimum: 1, maximum: 100, default: 15 },
    type: { type: 'string', enum: ['depot', 'retrait', 'transfert', 'paiement', 'approvisionnement'] },
    cursor: {
      type: 'string',
      pattern: '^(\\d{1,15}(-[0-9a-f-]{36})?)?$',
      description: 'Empty for the newest, then `next_cursor` of the page before. `page` is then not read.',
    },
  },
  required: [],
} as const satisfies RequestSchema;

/** An account's transactions, newest first: a page, or what follows a cursor. */
export function historyView(
  services: Services,
  accountId: string,
  { type, page, per_page: perPage, cursor }: RequestOf<typeof HISTORY_QUERY>,
): Promise<unknown> {
  const filter = { accountId, type };
  return cursor === undefined
    ? byPage(services, filter, { page, perPage })
    : byCursor(services, filter, { cursor, perPage });
}

export async function newestTransactions(
  { database }: Services,
  accountId: string,
  limit: number,
): Promise<readonly unknown[]> {
  const filter = { accountId };
  return viewsOf(await readHistoryBefore(database.stale, filter, { limit }), filter);
}

async function byPage(
  { database }: Services,
  filter: HistoryFilter,
  { page, perPage }: { readonly page: number; readonly perPage: number },
): Promise<unknown> {
  const { items, total } = await readHistoryPage(database.stale, filter, { page, perPage });
  const lastPage = Math.max(1, Math.ceil(total / perPage));
  return {
    transactions: viewsOf(items, filter),
    pagination: { current_page: page, per_page: perPage, total, last_page: lastPage },
  };
}

async function byCursor(
  { database }: Services,
  filter: HistoryFilter,
  { cursor, perPage }: { readonly cursor: string; readonly perPage: number },
): Promise<unknown> {
  const from = cursor === '' ? undefined : cursor;
  const items = await readHistoryBefore(database.stale, filter, { cursor: from, limit: perPage });
  const last = items.at(perPage - 1);
  return {
    transactions: viewsOf(items, filter),
    pagination: { per_page: perPage, next_cursor: last === undefined ? null : last.cursor },
  };
}

function viewsOf(items: readonly HistoryItem[], { accountId }: HistoryFilter): readonly unknown[] {
  return items.map((item) =>
    transactionView(item, item.debitAccountId === accountId ? 'debit' : 'credit', item.status),
  );
}
