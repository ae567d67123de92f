import { isoTime } from '../../core/clock.ts';
import type { TransferStatus, TransferType } from '../db/schema.ts';

export interface ShownTransfer {
  readonly id: string;
  readonly reference: string;
  readonly type: TransferType;
  readonly amountXof: number;
  readonly feeXof: number;
  readonly description: string | null;
  readonly createdAtMs: number;
}

/** A transfer as one of its two sides sees it; the fee is the debited side's. */
export function transactionView(
  transfer: ShownTransfer,
  side: 'debit' | 'credit',
  status: TransferStatus,
): Readonly<Record<string, string | number | null>> {
  return {
    id: transfer.id,
    type: transfer.type,
    sens: side,
    montant: transfer.amountXof,
    frais: side === 'debit' ? transfer.feeXof : 0,
    statut: status,
    description: transfer.description,
    reference: transfer.reference,
    date_operation: isoTime(transfer.createdAtMs),
  };
}
