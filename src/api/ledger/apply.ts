import type { EntryRow, IdempotencyKeyRow, TransferRow, UsageCounterRow } from '../db/schema.ts';
import type { ChainedTransfer } from './chain.ts';
import { chainHash } from './chain.ts';
import { feeOf } from './fees.ts';
import { HOUSE } from './house.ts';
import type { AccountState } from './limits.ts';
import { isCounted, refusalByLimits } from './limits.ts';
import { periodsAt } from './periods.ts';
import type { Rules } from './rules.ts';
import type { Outcome, OutgoingMessage, PostedTransfer, PostRequest, PostResult, Refusal } from './types.ts';

export interface Head {
  readonly chainSeq: number;
  readonly chainHash: string;
}

export interface StoredKey {
  readonly fingerprint: string;
  readonly statusCode: number;
  readonly body: string;
}

/** What the database held when its rows were locked. */
export interface BatchState {
  readonly head: Head;
  readonly accounts: ReadonlyMap<string, AccountState>;
  /** By `keyName`. */
  readonly keys: ReadonlyMap<string, StoredKey>;
}

export interface BatchContext {
  readonly nowMs: number;
  readonly rules: Rules;
  readonly newTransferId: () => string;
  readonly newReference: () => string;
}

/** What is to be written, and each request's result once it is. */
export interface BatchPlan<R> {
  readonly decided: readonly { readonly request: R; readonly result: PostResult }[];
  readonly head: Head;
  readonly transfers: readonly TransferRow[];
  readonly entries: readonly EntryRow[];
  readonly keys: readonly IdempotencyKeyRow[];
  readonly messages: readonly OutgoingMessage[];
  readonly usage: readonly UsageCounterRow[];
  /** XOF by account id; only accounts that changed. */
  readonly balances: ReadonlyMap<string, number>;
}

/** JSON, as either part may hold any character. */
export function keyName(ownerId: string, key: string): string {
  return JSON.stringify([ownerId, key]);
}

/** Decides requests one after the other: each sees what the earlier ones did. Pure but for ids and the requests' own functions. */
export function applyBatch<R extends PostRequest>(
  requests: readonly R[],
  state: BatchState,
  context: BatchContext,
): BatchPlan<R> {
  const draft: Draft = {
    head: state.head,
    accounts: new Map([...state.accounts].map(([id, before]) => [id, { before, now: before }])),
    transfers: [],
    entries: [],
    keys: [],
    messages: [],
  };
  const decided = requests.map((request) => ({
    request,
    result: replayOf(request, state) ?? decide(request, draft, context),
  }));
  const { accounts, ...written } = draft;
  const changed = [...accounts.values()].filter(({ before, now }) => now !== before);
  return {
    decided,
    ...written,
    usage: changed.flatMap((account) => usageRows(account, context.nowMs)),
    balances: new Map(changed.map(({ now }) => [now.id, now.balanceXof])),
  };
}

interface AccountDraft {
  readonly before: AccountState;
  now: AccountState;
}

interface Draft {
  head: Head;
  readonly accounts: ReadonlyMap<string, AccountDraft>;
  readonly transfers: TransferRow[];
  readonly entries: EntryRow[];
  readonly keys: IdempotencyKeyRow[];
  readonly messages: OutgoingMessage[];
}

function replayOf({ idempotency }: PostRequest, { keys }: BatchState): PostResult | undefined {
  if (idempotency === null) return undefined;
  const stored = keys.get(keyName(idempotency.ownerId, idempotency.key));
  if (stored === undefined) return undefined;
  if (stored.fingerprint !== idempotency.fingerprint) return { kind: 'keyReused' };
  return { kind: 'replayed', answer: { statusCode: stored.statusCode, body: stored.body } };
}

function decide(request: PostRequest, draft: Draft, context: BatchContext): PostResult {
  const judged = judge(request, draft, context.rules);
  if ('reason' in judged) return conclude(request, { kind: 'refused', refusal: judged }, draft, context);
  const transfer = move(request, judged, draft, context);
  draft.messages.push(...request.messages(transfer));
  return conclude(request, { kind: 'posted', transfer }, draft, context);
}

interface Movement {
  readonly debit: AccountDraft;
  readonly credit: AccountDraft;
  readonly fees: AccountDraft;
  readonly feeXof: number;
}

function judge(
  { type, amountXof, ...request }: PostRequest,
  { accounts }: Draft,
  rules: Rules,
): Movement | Refusal {
  const { debitAccountId, creditAccountId } = request;
  if (debitAccountId === creditAccountId) return { reason: 'sameAccount' };
  const [debit, credit, fees] = [debitAccountId, creditAccountId, HOUSE.fees.id].map((id) =>
    accounts.get(id),
  );
  if (debit === undefined) return { reason: 'accountNotFound', accountId: debitAccountId };
  if (credit === undefined) return { reason: 'accountNotFound', accountId: creditAccountId };
  if (fees === undefined) return { reason: 'accountNotFound', accountId: HOUSE.fees.id };
  const feeXof = feeOf(amountXof, rules.ratePpm(type));
  const refusal =
    refusalByFunds(debit.now, amountXof + feeXof) ??
    refusalByLimits({ debit: debit.now, credit: credit.now, amountXof }, rules.limits);
  return refusal ?? { debit, credit, fees, feeXof };
}

/** Issuance is the other side of the money in circulation, so it alone goes below zero. */
function refusalByFunds({ kind, balanceXof, heldXof }: AccountState, neededXof: number): Refusal | undefined {
  const availableXof = balanceXof - heldXof;
  if (kind === 'issuance' || availableXof >= neededXof) return undefined;
  return { reason: 'insufficientFunds', availableXof, neededXof };
}

function move(request: PostRequest, movement: Movement, draft: Draft, context: BatchContext): PostedTransfer {
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

/** The answer is stored beside the money, whether it moved or not, so that a repeat gets the same bytes. */
function conclude(request: PostRequest, outcome: Outcome, draft: Draft, context: BatchContext): PostResult {
  const answer = request.answer(outcome);
  const { idempotency } = request;
  if (idempotency !== null) {
    draft.keys.push({
      owner_id: idempotency.ownerId,
      idempotency_key: idempotency.key,
      fingerprint: idempotency.fingerprint,
      status_code: answer.statusCode,
      body: answer.body,
      transfer_id: outcome.kind === 'posted' ? outcome.transfer.id : null,
      created_at_ms: context.nowMs,
    });
  }
  return { kind: 'done', outcome, answer };
}

/** The counters that rose, for the accounts that have ceilings. */
function usageRows({ before, now }: AccountDraft, nowMs: number): UsageCounterRow[] {
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
