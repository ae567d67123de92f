import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import {
  type HistoryFilter,
  type HistoryItem,
  readHistoryBefore,
  readHistoryPage,
} from '../../ledger/history.ts';
import { transactionView } from '../../money/transaction.ts';
import { envelope, HISTORY } from '../../schemas/answers.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';
import type { Services } from '../../services.ts';

export const historyRoute = defineRoute(
  {
    id: 'history',
    method: 'GET',
    path: '/api/ompay/history',
    summary: "The account's transactions, newest first: by page, or with `cursor` by position.",
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: {
      type: 'object',
      properties: {
        page: { type: 'integer', minimum: 1, maximum: 10_000, default: 1 },
        per_page: { type: 'integer', minimum: 1, maximum: 100, default: 15 },
        type: { type: 'string', enum: ['depot', 'retrait', 'transfert', 'paiement', 'approvisionnement'] },
        cursor: {
          type: 'string',
          pattern: '^\\d{0,15}$',
          description:
            'Empty for the newest, then `next_cursor` of the page before. `page` is then not read.',
        },
      },
      required: [],
    },
    success: { status: 200, mediaType: 'application/json', schema: envelope(HISTORY) },
    errors: [],
  },
  async (request, services) => {
    const { type, page, per_page: perPage, cursor } = request.query;
    const accountId = principalOf(request).account.id;
    const filter = { accountId, type };
    const data =
      cursor === undefined
        ? await byPage(services, filter, { page, perPage })
        : await byCursor(services, filter, { cursor, perPage });
    return { kind: 'data', message: SAID.history, data };
  },
);

async function byPage(
  { database }: Services,
  filter: HistoryFilter,
  { page, perPage }: { readonly page: number; readonly perPage: number },
): Promise<unknown> {
  const { items, total } = await readHistoryPage(database.kysely, filter, { page, perPage });
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
  const beforeSeq = cursor === '' ? undefined : Number(cursor);
  const items = await readHistoryBefore(database.kysely, filter, { beforeSeq, limit: perPage });
  const last = items.at(perPage - 1);
  return {
    transactions: viewsOf(items, filter),
    pagination: { per_page: perPage, next_cursor: last === undefined ? null : String(last.chainSeq) },
  };
}

function viewsOf(items: readonly HistoryItem[], { accountId }: HistoryFilter): readonly unknown[] {
  return items.map((item) =>
    transactionView(item, item.debitAccountId === accountId ? 'debit' : 'credit', item.status),
  );
}
