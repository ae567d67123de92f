import type { EntryRow } from '../db/schema.ts';
import type { ChainedTransfer } from './chain.ts';
import { chainHash } from './chain.ts';
import { sealDescription } from './description.ts';
import type { AccountDraft, Draft } from './draft.ts';
import type { BatchContext } from './plan.ts';
import type { PostedTransfer, PostRequest } from './types.ts';

export interface Movement {
  readonly debit: AccountDraft;
  readonly credit: AccountDraft;
  readonly fees: AccountDraft;
  /** Paid by the debited account, on top. */
  readonly feeXof: number;
  /** Given back to the credited account by the account of fees, on top: when a transfer is undone. */
  readonly refundXof: number;
}

/** What a transfer says of itself; one that a hold becomes has the hold's reference, and the id that the hold names. */
export type Moved = Pick<PostRequest, 'type' | 'amountXof' | 'description' | 'initiatorId'> & {
  readonly id?: string;
  readonly reference?: string;
};

/** Makes the transfer and its entries, and moves the drafts' balances and the head. Counts no usage. */
export function move(moved: Moved, movement: Movement, draft: Draft, context: BatchContext): PostedTransfer {
  const { debit, credit, feeXof } = movement;
  const transfer = {
    id: moved.id ?? context.newId(),
    reference: moved.reference ?? context.newReference(),
    type: moved.type,
    status: 'reussi' as const,
    debit_account_id: debit.now.id,
    credit_account_id: credit.now.id,
    amount: moved.amountXof,
    fee: feeXof,
    description: moved.description,
    initiator_id: moved.initiatorId,
    created_at_ms: context.nowMs,
    chain_seq: draft.head.chainSeq + 1,
  };
  const entries = enter(transfer, movement);
  const { description } = transfer;
  const seal = description === null ? undefined : sealDescription(description, context.newSalt());
  draft.head = {
    chainSeq: transfer.chain_seq,
    chainHash: chainHash(draft.head.chainHash, transfer, entries, seal?.digest ?? null),
  };
  if (seal !== undefined) draft.seals.push({ chain_seq: transfer.chain_seq, ...seal });
  draft.transfers.push({ ...transfer, chain_hash: draft.head.chainHash });
  draft.entries.push(...entries);
  return {
    id: transfer.id,
    reference: transfer.reference,
    type: transfer.type,
    amountXof: transfer.amount,
    feeXof,
    description,
    debitAccountId: transfer.debit_account_id,
    creditAccountId: transfer.credit_account_id,
    debitAvailableXof: debit.now.balanceXof - debit.now.heldXof,
    creditAvailableXof: credit.now.balanceXof - credit.now.heldXof,
    createdAtMs: transfer.created_at_ms,
  };
}

/** The payer's line, the payee's, and the account of fees' when there is one; they sum to zero. */
function enter(transfer: ChainedTransfer, { debit, credit, fees, feeXof, refundXof }: Movement): EntryRow[] {
  const lines = [
    { account: debit, amount: -transfer.amount - feeXof },
    { account: credit, amount: transfer.amount + refundXof },
    { account: fees, amount: feeXof - refundXof },
  ];
  return lines
    .filter(({ amount }) => amount !== 0)
    .map(({ account, amount }, line) => ({
      transfer_id: transfer.id,
      line,
      account_id: account.now.id,
      amount,
      balance_after: addToBalance(account, amount),
      chain_seq: transfer.chain_seq,
      created_at_ms: transfer.created_at_ms,
    }));
}

function addToBalance(account: AccountDraft, amountXof: number): number {
  const balanceXof = account.now.balanceXof + amountXof;
  account.now = { ...account.now, balanceXof };
  return balanceXof;
}
