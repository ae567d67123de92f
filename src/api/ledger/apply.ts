import { conclude, partiesOf, refusalByFunds } from './decide.ts';
import { decideConfirm, decideReserve, decideResolve, expireOverdue } from './decide-hold.ts';
import { decideReverse } from './decide-reversal.ts';
import { type Draft, draftOf, writesOf } from './draft.ts';
import { feeOf } from './fees.ts';
import { type AccountState, refusalByIncoming, refusalByOutgoing } from './limits.ts';
import { type Movement, move } from './move.ts';
import type { BatchContext, BatchPlan, BatchState } from './plan.ts';
import { keyName } from './plan.ts';
import type { LedgerRequest } from './requests.ts';
import type { Rules } from './rules.ts';
import type { PostRequest, PostResult, Refusal } from './types.ts';
import { countIn, countOut } from './usage.ts';

/** Decides requests one after the other: each sees what the earlier ones did. Pure but for ids, codes and the requests' own functions. */
export function applyBatch<R extends LedgerRequest>(
  requests: readonly R[],
  state: BatchState,
  context: BatchContext,
): BatchPlan<R> {
  const draft = draftOf(state);
  const decided = requests.map((request) => ({
    request,
    result: replayOf(request, state) ?? decide(request, draft, context),
  }));
  return { decided, ...writesOf(draft, context.nowMs) };
}

function replayOf({ idempotency }: LedgerRequest, { keys }: BatchState): PostResult | undefined {
  if (idempotency === null) return undefined;
  const stored = keys.get(keyName(idempotency.ownerId, idempotency.key));
  if (stored === undefined) return undefined;
  if (stored.fingerprint !== idempotency.fingerprint) return { kind: 'keyReused' };
  return { kind: 'replayed', answer: { statusCode: stored.statusCode, body: stored.body } };
}

function decide(request: LedgerRequest, draft: Draft, context: BatchContext): PostResult {
  switch (request.operation) {
    case 'reserve':
      return decideReserve(request, draft, context);
    case 'confirm':
      return decideConfirm(request, draft, context);
    case 'void':
    case 'expire':
      return decideResolve(request, draft, context);
    case 'reverse':
      return decideReverse(request, draft, context);
    case undefined:
      return decideTransfer(request, draft, context);
  }
}

function decideTransfer(request: PostRequest, draft: Draft, context: BatchContext): PostResult {
  expireOverdue(request.debitAccountId, draft, context);
  const judged = judge(request, draft, context.rules);
  if ('reason' in judged) return conclude(request, { kind: 'refused', refusal: judged }, draft, context);
  const transfer = move(request, judged, draft, context);
  countOut(judged.debit, request.amountXof);
  countIn(judged.credit, request.amountXof);
  claim(request, transfer.id, draft, context.nowMs);
  draft.messages.push(...request.messages(transfer));
  return conclude(request, { kind: 'posted', transfer }, draft, context);
}

function judge(request: PostRequest, draft: Draft, rules: Rules): Movement | Refusal {
  const { amountXof, claim, type } = request;
  if (claim !== undefined && draft.taken.has(claim)) return { reason: 'claimTaken' };
  const feeXof = feeOf(amountXof, rules.ratePpm(type));
  const parties = partiesOf(draft, request);
  const payer = draft.accounts.get(request.debitAccountId);
  // First, so that who could not pay anyway is not told whether there is somebody to be paid.
  const refusal = payer && refusalToPay(payer.now, { amountXof, feeXof }, rules);
  if ('reason' in parties) return refusal ?? parties;
  return (
    refusal ??
    refusalByIncoming(parties.credit.now, amountXof, rules.limits) ?? { ...parties, feeXof, refundXof: 0 }
  );
}

function refusalToPay(
  payer: AccountState,
  { amountXof, feeXof }: { readonly amountXof: number; readonly feeXof: number },
  { limits }: Rules,
): Refusal | undefined {
  return refusalByFunds(payer, amountXof + feeXof) ?? refusalByOutgoing(payer, amountXof, limits);
}

function claim(request: PostRequest, transferId: string, draft: Draft, nowMs: number): void {
  if (request.claim === undefined) return;
  draft.taken.add(request.claim);
  draft.claims.push({ claim: request.claim, transfer_id: transferId, created_at_ms: nowMs });
}
