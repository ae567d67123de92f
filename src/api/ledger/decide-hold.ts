import assert from 'node:assert/strict';
import { timingSafeEqual } from 'node:crypto';
import type { HoldRow } from '../db/schema.ts';
import { conclude, partiesOf, refusalByFunds } from './decide.ts';
import type { Draft, HoldDraft } from './draft.ts';
import { feeOf } from './fees.ts';
import { HOLD_LIFETIME_MS, type Hold, holdOf, MOST_CODE_TRIES, MOST_HOLDS_PER_ACCOUNT } from './hold.ts';
import { refusalByIncoming, refusalByLimits, refusalByOutgoing } from './limits.ts';
import { type Movement, move } from './move.ts';
import type { BatchContext } from './plan.ts';
import type {
  ConfirmOutcome,
  ConfirmRequest,
  MovementRefusal,
  ReserveOutcome,
  ReserveRequest,
  ResolveOutcome,
  ResolveRequest,
} from './requests.ts';
import type { PostResult } from './types.ts';
import { countIn, countOut, uncountOut } from './usage.ts';

const MOST_DRAWS = 8;

/** A withdrawal is judged, counted and held at once; a deposit is judged when it is confirmed, from the float then there. */
export function decideReserve(request: ReserveRequest, draft: Draft, context: BatchContext): PostResult {
  expireOverdue(request.accountId, draft, context);
  const outcome = reserve(request, draft, context);
  draft.messages.push(...request.messages(outcome));
  return conclude(request, outcome, draft, context);
}

function reserve(request: ReserveRequest, draft: Draft, context: BatchContext): ReserveOutcome {
  const { accountId, amountXof, type } = request;
  const account = draft.accounts.get(accountId);
  if (account === undefined) return refused({ reason: 'accountNotFound', accountId });
  const pending = pendingOf(accountId, draft);
  if (pending.length >= MOST_HOLDS_PER_ACCOUNT) {
    return refused({ reason: 'tooManyHolds', most: MOST_HOLDS_PER_ACCOUNT });
  }
  const feeXof = feeOf(amountXof, context.rules.ratePpm(type));
  const heldXof = type === 'retrait' ? amountXof + feeXof : 0;
  if (heldXof > 0) {
    const refusal =
      refusalByFunds(account.now, heldXof) ?? refusalByOutgoing(account.now, amountXof, context.rules.limits);
    if (refusal !== undefined) return refused(refusal);
    account.now = { ...account.now, heldXof: account.now.heldXof + heldXof };
    countOut(account, amountXof);
  }
  const { code, codeHmac } = unusedCode(request, pending, context);
  const row = newHold({ request, feeXof, heldXof, codeHmac }, draft, context);
  draft.holds.set(row.id, { before: undefined, now: row });
  return { kind: 'reserved', hold: holdOf(row), code };
}

/** Two pending operations of a customer never have one code. A second draw is as rare as one in 200,000. */
function unusedCode(
  { sealCode, otherSeals = () => [] }: ReserveRequest,
  pending: readonly HoldDraft[],
  { newCode }: BatchContext,
): { readonly code: string; readonly codeHmac: string } {
  for (let draw = 1; draw <= MOST_DRAWS; draw += 1) {
    const code = newCode();
    const codeHmac = sealCode(code);
    const all = [codeHmac, ...otherSeals(code)];
    if (pending.every(({ now }) => !isAnyOf(all, now.code_hmac))) return { code, codeHmac };
  }
  throw new Error(`no code was free in ${MOST_DRAWS} draws`);
}

function newHold(
  {
    request,
    feeXof,
    heldXof,
    codeHmac,
  }: {
    readonly request: ReserveRequest;
    readonly feeXof: number;
    readonly heldXof: number;
    readonly codeHmac: string;
  },
  draft: Draft,
  { nowMs, newId, newHoldReference }: BatchContext,
): HoldRow {
  return {
    id: newId(),
    reference: newHoldReference(),
    type: request.type,
    account_id: request.accountId,
    amount: request.amountXof,
    fee: feeXof,
    held: heldXof,
    status: 'en_attente',
    code_hmac: codeHmac,
    tries: 0,
    expires_at_ms: nowMs + HOLD_LIFETIME_MS,
    transfer_id: null,
    resolved_at_ms: 0,
    created_at_ms: nowMs,
    description: request.description,
    opened_seq: draft.head.chainSeq,
  };
}

/**
 * A wrong code counts against every pending operation of the customer, in the transaction whose commit lets the answer
 * out: tries at the same time all count. A refusal by funds or ceilings leaves the operation pending, and counts nothing.
 */
export function decideConfirm(request: ConfirmRequest, draft: Draft, context: BatchContext): PostResult {
  expireOverdue(request.accountId, draft, context);
  const outcome = confirm(request, draft, context);
  draft.messages.push(...request.messages(outcome));
  return conclude(request, outcome, draft, context);
}

function confirm(request: ConfirmRequest, draft: Draft, context: BatchContext): ConfirmOutcome {
  const { accountId, codeHmac, otherCodeHmacs = [] } = request;
  const pending = pendingOf(accountId, draft);
  const hold = pending.find(({ now }) => isAnyOf([codeHmac, ...otherCodeHmacs], now.code_hmac));
  if (hold === undefined) {
    return refused({ reason: 'codeInvalid', voided: countTry(pending, draft, context) });
  }
  const movement = judge(hold.now, request, draft, context);
  if ('reason' in movement) return refused(movement);
  const { type, amount: amountXof, description, reference } = hold.now;
  const { initiatorId } = request;
  const id = context.newId();
  // First, so that what was held is spent by the movement itself.
  settle(hold, { status: 'reussi', transfer_id: id }, draft, context);
  const moved = { id, type, amountXof, description, initiatorId, reference };
  const transfer = move(moved, movement, draft, context);
  // What a withdrawal sent was counted when it was reserved.
  if (type === 'depot') countOut(movement.debit, amountXof);
  countIn(movement.credit, amountXof);
  return { kind: 'posted', transfer, hold: holdOf(hold.now) };
}

function judge(
  hold: HoldRow,
  { accountId, counterpartyId }: ConfirmRequest,
  draft: Draft,
  { rules }: BatchContext,
): Movement | MovementRefusal {
  const deposit = hold.type === 'depot';
  const [debitAccountId, creditAccountId] = deposit
    ? [counterpartyId, accountId]
    : [accountId, counterpartyId];
  const parties = partiesOf(draft, { debitAccountId, creditAccountId });
  if ('reason' in parties) return parties;
  const { amount: amountXof, fee: feeXof } = hold;
  const [debit, credit] = [parties.debit.now, parties.credit.now];
  const refusal = deposit
    ? (refusalByFunds(debit, amountXof + feeXof) ??
      refusalByLimits({ debit, credit, amountXof }, rules.limits))
    : refusalByIncoming(credit, amountXof, rules.limits);
  return refusal ?? { ...parties, feeXof, refundXof: 0 };
}

function isAnyOf(hmacs: readonly string[], kept: string): boolean {
  return hmacs.some((each) => timingSafeEqual(Buffer.from(each), Buffer.from(kept)));
}

/** Those that this try voided. */
function countTry(pending: readonly HoldDraft[], draft: Draft, context: BatchContext): readonly Hold[] {
  for (const hold of pending) {
    hold.now = { ...hold.now, tries: hold.now.tries + 1 };
    if (hold.now.tries >= MOST_CODE_TRIES) settle(hold, { status: 'annule' }, draft, context);
  }
  return pending.filter(({ now }) => now.status === 'annule').map(({ now }) => holdOf(now));
}

/** An operation is voided or expired while it is pending, and by exactly one request; the others are told what it became. */
export function decideResolve(request: ResolveRequest, draft: Draft, context: BatchContext): PostResult {
  const outcome = resolve(request, draft, context);
  draft.messages.push(...request.messages(outcome));
  return conclude(request, outcome, draft, context);
}

function resolve(
  { operation, holdId, accountId }: ResolveRequest,
  draft: Draft,
  context: BatchContext,
): ResolveOutcome {
  if (operation === 'void') expireOverdue(accountId, draft, context);
  const hold = draft.holds.get(holdId);
  if (hold?.now.account_id !== accountId) return refused({ reason: 'holdNotFound' });
  const { status } = hold.now;
  if (status !== 'en_attente') return refused({ reason: 'holdNotPending', status });
  if (operation === 'void') {
    settle(hold, { status: 'annule' }, draft, context);
    return { kind: 'voided', hold: holdOf(hold.now) };
  }
  if (!isOverdue(hold, context)) return refused({ reason: 'holdNotDue' });
  settle(hold, { status: 'echoue' }, draft, context);
  return { kind: 'expired', hold: holdOf(hold.now) };
}

function pendingOf(accountId: string, { holds }: Draft): readonly HoldDraft[] {
  return [...holds.values()].filter(({ now }) => now.account_id === accountId && now.status === 'en_attente');
}

/** Gives back what the account's operations hold whose time is over, before anything is judged by it. */
export function expireOverdue(accountId: string, draft: Draft, context: BatchContext): void {
  for (const hold of pendingOf(accountId, draft)) {
    if (isOverdue(hold, context)) settle(hold, { status: 'echoue' }, draft, context);
  }
}

function isOverdue({ now }: HoldDraft, { nowMs }: BatchContext): boolean {
  return now.expires_at_ms <= nowMs;
}

/** The only way out of `en_attente`. What was held and counted is given back; what was posted stays counted. */
function settle(
  hold: HoldDraft,
  settled: Pick<HoldRow, 'status'> & Partial<Pick<HoldRow, 'transfer_id'>>,
  draft: Draft,
  context: BatchContext,
): void {
  const { account_id, amount, held, created_at_ms } = hold.now;
  hold.now = { ...hold.now, ...settled, resolved_at_ms: context.nowMs };
  if (held === 0) return;
  const account = draft.accounts.get(account_id);
  assert(account !== undefined, 'the account of an operation is locked before the operation is read');
  account.now = { ...account.now, heldXof: account.now.heldXof - held };
  if (settled.status === 'reussi') return;
  uncountOut({ account, amountXof: amount, countedAtMs: created_at_ms }, draft, context.nowMs);
}

function refused<R>(refusal: R): { readonly kind: 'refused'; readonly refusal: R } {
  return { kind: 'refused', refusal };
}
