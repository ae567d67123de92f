import type { Draft, Movement } from './draft.ts';
import { move, usageRows } from './draft.ts';
import { feeOf } from './fees.ts';
import { HOUSE } from './house.ts';
import type { AccountState } from './limits.ts';
import { refusalByLimits } from './limits.ts';
import type { BatchContext, BatchPlan, BatchState } from './plan.ts';
import { keyName } from './plan.ts';
import type { Rules } from './rules.ts';
import type { Outcome, PostRequest, PostResult, Refusal } from './types.ts';

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
    taken: new Set(state.claims),
    claims: [],
    messages: [],
  };
  const decided = requests.map((request) => ({
    request,
    result: replayOf(request, state) ?? decide(request, draft, context),
  }));
  const { accounts, taken: _taken, ...written } = draft;
  const changed = [...accounts.values()].filter(({ before, now }) => now !== before);
  return {
    decided,
    ...written,
    usage: changed.flatMap((account) => usageRows(account, context.nowMs)),
    balances: new Map(changed.map(({ now }) => [now.id, now.balanceXof])),
  };
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

function judge(
  { type, amountXof, ...request }: PostRequest,
  { accounts, taken }: Draft,
  rules: Rules,
): Movement | Refusal {
  const { debitAccountId, creditAccountId, claim } = request;
  if (claim !== undefined && taken.has(claim)) return { reason: 'claimTaken' };
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
