import type {
  EntryRow,
  IdempotencyKeyRow,
  TransferClaimRow,
  TransferRow,
  UsageCounterRow,
} from '../db/schema.ts';
import type { ChainedTransfer } from './chain.ts';
import { chainHash } from './chain.ts';
import type { AccountState } from './limits.ts';
import { isCounted } from './limits.ts';
import { periodsAt } from './periods.ts';
import type { BatchContext, Head } from './plan.ts';
import type { OutgoingMessage, PostedTransfer, PostRequest } from './types.ts';

export interface AccountDraft {
  readonly before: AccountState;
  now: AccountState;
}

export interface Draft {
  head: Head;
  readonly accounts: ReadonlyMap<string, AccountDraft>;
  readonly transfers: TransferRow[];
  readonly entries: EntryRow[];
  readonly keys: IdempotencyKeyRow[];
  /** Used up before this batch, and by it. */
  readonly taken: Set<string>;
  readonly claims: TransferClaimRow[];
  readonly messages: OutgoingMessage[];
}

export interface Movement {
  readonly debit: AccountDraft;
  readonly credit: AccountDraft;
  readonly fees: AccountDraft;
  readonly feeXof: number;
}

/** Makes the transfer and its entries, and moves the drafts' balances, counters and head. */
export function move(
  request: PostRequest,
  movement: Movement,
  draft: Draft,
  context: BatchContext,
): PostedTransfer {
  const { debit, credit, feeXof } = movement;
  const transfer = {
    id: context.newTransferId(),
    reference: context.newReference(),
    type: request.type,
    status: 'reussi' as const,
    debit_account_id: debit.now.id,
    credit_account_id: credit.now.id,
    amount: request.amountXof,
    fee: feeXof,
    description: request.description,
    initiator_id: request.initiatorId,
    created_at_ms: context.nowMs,
    chain_seq: draft.head.chainSeq + 1,
  };
  const entries = enter(transfer, movement);
  countUsage(movement, request.amountXof);
  draft.head = {
    chainSeq: transfer.chain_seq,
    chainHash: chainHash(draft.head.chainHash, transfer, entries),
  };
  draft.transfers.push({ ...transfer, chain_hash: draft.head.chainHash });
  draft.entries.push(...entries);
  claim(request, transfer, draft);
  return {
    id: transfer.id,
    reference: transfer.reference,
    type: transfer.type,
    amountXof: transfer.amount,
    feeXof,
    description: transfer.description,
    debitAccountId: transfer.debit_account_id,
    creditAccountId: transfer.credit_account_id,
    debitBalanceXof: debit.now.balanceXof,
    creditBalanceXof: credit.now.balanceXof,
    createdAtMs: transfer.created_at_ms,
  };
}

function claim(request: PostRequest, transfer: ChainedTransfer, draft: Draft): void {
  if (request.claim === undefined) return;
  const { id, created_at_ms } = transfer;
  draft.taken.add(request.claim);
  draft.claims.push({ claim: request.claim, transfer_id: id, created_at_ms });
}

/** The payer's line, the payee's, and the fee's when there is one; they sum to zero. */
function enter(transfer: ChainedTransfer, { debit, credit, fees, feeXof }: Movement): EntryRow[] {
  const lines = [
    { account: debit, amount: -transfer.amount - feeXof },
    { account: credit, amount: transfer.amount },
    { account: fees, amount: feeXof },
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

function countUsage({ debit, credit }: Movement, amountXof: number): void {
  const out = debit.now.usage;
  const dayOutXof = out.dayOutXof + amountXof;
  debit.now = { ...debit.now, usage: { ...out, dayOutXof, monthOutXof: out.monthOutXof + amountXof } };
  const { usage } = credit.now;
  credit.now = { ...credit.now, usage: { ...usage, monthInXof: usage.monthInXof + amountXof } };
}

/** The counters that rose, for the accounts that have ceilings. */
export function usageRows({ before, now }: AccountDraft, nowMs: number): UsageCounterRow[] {
  const { day, month } = periodsAt(nowMs);
  const counters = [
    { period: day, direction: 'out' as const, amount: now.usage.dayOutXof, was: before.usage.dayOutXof },
    {
      period: month,
      direction: 'out' as const,
      amount: now.usage.monthOutXof,
      was: before.usage.monthOutXof,
    },
    { period: month, direction: 'in' as const, amount: now.usage.monthInXof, was: before.usage.monthInXof },
  ];
  return counters
    .filter(({ direction, amount, was }) => amount > was && isCounted(now, direction))
    .map(({ period, direction, amount }) => ({ account_id: now.id, period, direction, amount }));
}
