import type { Kysely } from 'kysely';
import type { Schema, TransferStatus, TransferType } from '../db/schema.ts';
import { readHoldItems, readTransferItems } from './history-items.ts';
import { countLines, type Place, placesOf } from './history-places.ts';

/** A line of an account's history: a transfer and what it did to this account, or an operation that moved nothing (yet). */
export interface HistoryItem {
  readonly id: string;
  readonly reference: string;
  readonly type: TransferType;
  /** `annule` for a transfer that staff undid, too. */
  readonly status: TransferStatus;
  /** XOF moved between the two accounts, without the fee. */
  readonly amountXof: number;
  readonly feeXof: number;
  readonly description: string | null;
  /** The other side of an operation that moved nothing is nobody: null. */
  readonly debitAccountId: string | null;
  readonly creditAccountId: string | null;
  readonly createdAtMs: number;
  /** XOF, signed: what this account gained, or lost with the fee. */
  readonly entryXof: number;
  /** Null where nothing moved. */
  readonly balanceAfterXof: number | null;
  /** Where the next page goes on; opaque to clients. */
  readonly cursor: string;
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

/**
 * Newest first. A posted operation is its transfer, at the place of the transfer; the others (pending, cancelled,
 * expired) stand where they were opened. Time grows with the pages skipped: `readHistoryBefore` does not have that.
 * @param page from 1.
 */
export async function readHistoryPage(
  kysely: Kysely<Schema>,
  filter: HistoryFilter,
  { page, perPage }: { readonly page: number; readonly perPage: number },
): Promise<HistoryPage> {
  const total = await countLines(kysely, filter);
  const places = await placesOf(kysely, filter, { limit: perPage, offset: (page - 1) * perPage });
  return { items: await itemsAt(kysely, filter.accountId, places), total };
}

/** Newest first, older than the cursor: each page costs the same, however deep. @param cursor none for the newest. */
export async function readHistoryBefore(
  kysely: Kysely<Schema>,
  filter: HistoryFilter,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<readonly HistoryItem[]> {
  const places = await placesOf(kysely, filter, { before: cursor, limit, offset: 0 });
  return itemsAt(kysely, filter.accountId, places);
}

/** The account's one operation with this reference, whatever became of it. */
export async function readOperation(
  kysely: Kysely<Schema>,
  { accountId, reference }: { readonly accountId: string; readonly reference: string },
): Promise<HistoryItem | undefined> {
  const [transfer] = await readTransferItems(kysely, accountId, { reference });
  if (transfer !== undefined) return transfer;
  const [hold] = await readHoldItems(kysely, accountId, { reference });
  return hold;
}

async function itemsAt(
  kysely: Kysely<Schema>,
  accountId: string,
  places: readonly Place[],
): Promise<readonly HistoryItem[]> {
  const chainSeqs = places.filter(({ holdId }) => holdId === '').map(({ seq }) => seq);
  const holdIds = places.map(({ holdId }) => holdId).filter((id) => id !== '');
  const transfers = chainSeqs.length === 0 ? [] : await readTransferItems(kysely, accountId, { chainSeqs });
  const holds = holdIds.length === 0 ? [] : await readHoldItems(kysely, accountId, { holdIds });
  const byCursor = new Map([...transfers, ...holds].map((item) => [item.cursor, item]));
  return places.map((place) => byCursor.get(place.cursor)).filter((item) => item !== undefined);
}
