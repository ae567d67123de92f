import type { TransferRow } from '../db/schema.ts';
import { conclude, type Parties, partiesOf, refusalByFunds } from './decide.ts';
import { expireOverdue } from './decide-hold.ts';
import type { Draft } from './draft.ts';
import { move } from './move.ts';
import type { BatchContext } from './plan.ts';
import type { ReverseOutcome, ReverseRequest } from './requests.ts';
import type { PostResult } from './types.ts';
import { uncountIn, uncountOut } from './usage.ts';

/**
 * The money goes back with its fee, when it is still there: no ceiling is asked, and what the transfer counted in its
 * periods is given back. A transfer is undone once, and an undoing never.
 */
export function decideReverse(request: ReverseRequest, draft: Draft, context: BatchContext): PostResult {
  const outcome = reverse(request, draft, context);
  draft.messages.push(...request.messages(outcome));
  return conclude(request, outcome, draft, context);
}

function reverse(request: ReverseRequest, draft: Draft, context: BatchContext): ReverseOutcome {
  const { original } = request;
  expireOverdue(original.credit_account_id, draft, context);
  const parties = judge(request, draft);
  if ('reason' in parties) return { kind: 'refused', refusal: parties };
  const { amount: amountXof, fee: refundXof, type, created_at_ms: countedAtMs } = original;
  const { description } = request;
  const transfer = move(
    { type, amountXof, description, initiatorId: null },
    { ...parties, feeXof: 0, refundXof },
    draft,
    context,
  );
  const sentAtMs = sentAt(original, draft);
  uncountOut({ account: parties.credit, amountXof, countedAtMs: sentAtMs }, draft, context.nowMs);
  uncountIn({ account: parties.debit, amountXof, countedAtMs }, draft, context.nowMs);
  const row = {
    transfer_id: transfer.id,
    reverses_id: original.id,
    reason: request.reason,
    reversed_by: request.by,
    created_at_ms: context.nowMs,
  };
  draft.knownReversals.push(row);
  draft.reversals.push(row);
  return { kind: 'posted', transfer };
}

/** A customer's own withdrawal was counted when it was opened, perhaps the day before it moved the money. */
function sentAt({ id, created_at_ms }: TransferRow, { holds }: Draft): number {
  const opened = [...holds.values()].find(({ now }) => now.transfer_id === id);
  return opened?.now.created_at_ms ?? created_at_ms;
}

type Refusal = Extract<ReverseOutcome, { kind: 'refused' }>['refusal'];

/** The one who received pays back, so the sides are the other way round. */
function judge({ original }: ReverseRequest, draft: Draft): Parties | Refusal {
  const { id, amount, fee, debit_account_id, credit_account_id } = original;
  const earlier = draft.knownReversals.find(({ reverses_id }) => reverses_id === id);
  if (earlier !== undefined) return { reason: 'alreadyReversed', transferId: earlier.transfer_id };
  if (draft.knownReversals.some(({ transfer_id }) => transfer_id === id)) return { reason: 'isReversal' };
  const parties = partiesOf(draft, {
    debitAccountId: credit_account_id,
    creditAccountId: debit_account_id,
  });
  if ('reason' in parties) return parties;
  return refusalByFunds(parties.debit.now, amount) ?? refusalByFunds(parties.fees.now, fee) ?? parties;
}
