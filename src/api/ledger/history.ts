import type { Kysely } from 'kysely';
import type { Schema, TransferRow, TransferType } from '../db/schema.ts';

/** A line of an account's history: the transfer, and what it did to this account. */
export interface HistoryItem {
  readonly id: string;
  readonly reference: string;
  readonly type: TransferType;
  readonly status: TransferRow['status'];
  /** XOF moved between the two accounts, without the fee. */
  readonly amountXof: number;
  readonly feeXof: number;
  readonly description: string | null;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly createdAtMs: number;
  /** XOF, signed: what this account gained, or lost with the fee. */
  readonly entryXof: number;
  readonly balanceAfterXof: number;
  /** Orders the history; the cursor of the next page. */
  readonly chainSeq: number;
}

export interface HistoryFilter {
  readonly accountId: string;
  readonly type?: TransferType | undefined;
}

export interface HistoryPage {
  readonly items: readonly HistoryItem[];
  /** Lines in all, of the type asked for. */
  readonly total: number;
}

/** Newest first. Time grows with the pages skipped: `readHistoryBefore` does not have that. @param page from 1. */
export async function readHistoryPage(
  kysely: Kysely<Schema>,
  filter: HistoryFilter,
  { page, perPage }: { readonly page: number; readonly perPage: number },
): Promise<HistoryPage> {
  const total = await countLines(kysely, filter);
  const rows = await selectItems(kysely, filter)
    .limit(perPage)
    .offset((page - 1) * perPage)
    .execute();
  return { items: rows, total };
}

/** Newest first, older than the cursor: each page costs the same, however deep. @param beforeSeq none for the newest. */
export async function readHistoryBefore(
  kysely: Kysely<Schema>,
  filter: HistoryFilter,
  {
    beforeSeq = Number.MAX_SAFE_INTEGER,
    limit,
  }: { readonly beforeSeq?: number | undefined; readonly limit: number },
): Promise<readonly HistoryItem[]> {
  return selectItems(kysely, filter).where('entries.chain_seq', '<', beforeSeq).limit(limit).execute();
}

/** The columns under the names of HistoryItem. No further order: it would sort where the index alone gives it. */
function selectItems(kysely: Kysely<Schema>, filter: HistoryFilter) {
  return selectLines(kysely, filter)
    .select([
      'transfers.id',
      'transfers.reference',
      'transfers.type',
      'transfers.status',
      'transfers.amount as amountXof',
      'transfers.fee as feeXof',
      'transfers.description',
      'transfers.debit_account_id as debitAccountId',
      'transfers.credit_account_id as creditAccountId',
      'transfers.created_at_ms as createdAtMs',
      'entries.amount as entryXof',
      'entries.balance_after as balanceAfterXof',
      'entries.chain_seq as chainSeq',
    ])
    .orderBy('entries.chain_seq', 'desc');
}

/** Walks `entries_history` (account, newest first) and meets each line's transfer by its place in the chain. */
function selectLines(kysely: Kysely<Schema>, { accountId, type }: HistoryFilter) {
  const lines = kysely
    .selectFrom('entries')
    .innerJoin('transfers', 'transfers.chain_seq', 'entries.chain_seq')
    .where('entries.account_id', '=', accountId);
  return type === undefined ? lines : lines.where('transfers.type', '=', type);
}

/** Without a type the index alone answers; with one, each line's transfer is looked up. */
async function countLines(kysely: Kysely<Schema>, filter: HistoryFilter): Promise<number> {
  const lines =
    filter.type === undefined
      ? kysely.selectFrom('entries').where('account_id', '=', filter.accountId)
      : selectLines(kysely, filter);
  const { total } = await lines
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return total;
}
