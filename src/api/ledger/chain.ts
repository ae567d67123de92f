import { hash } from 'node:crypto';
import type { EntryRow, TransferRow } from '../db/schema.ts';

export type ChainedTransfer = Omit<TransferRow, 'chain_hash'>;

/**
 * SHA-256 hex over the hash before and this transfer with its entries, in line order.
 * Only what was decided about money and random ids go in: no phone number, and not the description, which a person
 * wrote and may have to be erased.
 */
export function chainHash(
  previousHash: string,
  transfer: ChainedTransfer,
  entries: readonly EntryRow[],
): string {
  const record = [
    previousHash,
    transfer.chain_seq,
    transfer.id,
    transfer.reference,
    transfer.type,
    transfer.status,
    transfer.debit_account_id,
    transfer.credit_account_id,
    transfer.amount,
    transfer.fee,
    transfer.initiator_id,
    transfer.created_at_ms,
    entries.map(({ line, account_id, amount, balance_after }) => [line, account_id, amount, balance_after]),
  ];
  return hash('sha256', JSON.stringify(record));
}
