import { hash } from 'node:crypto';
import type { EntryRow, TransferRow } from '../db/schema.ts';

export type ChainedTransfer = Omit<TransferRow, 'chain_hash'>;

/**
 * SHA-256 hex over the hash before and this transfer with its entries, in line order, and what stands for its description.
 * Only what was decided about money and random ids go in: no phone number, and of the description, which a person wrote and
 * may have to be erased, a salted digest (description.ts). What is not in it is the same in the transfer and in each of
 * its entries, and is compared there: the transfer's id, its place and its time.
 */
export function chainHash(
  previousHash: string,
  transfer: ChainedTransfer,
  entries: readonly EntryRow[],
  descriptionDigest: string | null,
): string {
  return hashOf([...recordOf(previousHash, transfer, entries), descriptionDigest]);
}

/** What releases before migration 0004 wrote: nothing stands for the description. */
export function chainHashBefore0004(
  previousHash: string,
  transfer: ChainedTransfer,
  entries: readonly EntryRow[],
): string {
  return hashOf(recordOf(previousHash, transfer, entries));
}

function recordOf(
  previousHash: string,
  transfer: ChainedTransfer,
  entries: readonly EntryRow[],
): readonly unknown[] {
  return [
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
}

function hashOf(record: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(record));
}
