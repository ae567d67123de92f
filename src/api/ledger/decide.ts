import type { AccountDraft, Draft } from './draft.ts';
import { HOUSE } from './house.ts';
import type { AccountState } from './limits.ts';
import type { BatchContext } from './plan.ts';
import type { AnyOutcome } from './requests.ts';
import type { IdempotencyRequest, PostResult, RefusalOf, StoredAnswer } from './types.ts';

/** What every kind of request is decided with. */

export interface Parties {
  readonly debit: AccountDraft;
  readonly credit: AccountDraft;
  readonly fees: AccountDraft;
}

/** The accounts of a movement, or why there is none. */
export function partiesOf(
  { accounts }: Draft,
  { debitAccountId, creditAccountId }: { readonly debitAccountId: string; readonly creditAccountId: string },
): Parties | RefusalOf<'sameAccount' | 'accountNotFound'> {
  if (debitAccountId === creditAccountId) return { reason: 'sameAccount' };
  const [debit, credit, fees] = [debitAccountId, creditAccountId, HOUSE.fees.id].map((id) =>
    accounts.get(id),
  );
  if (debit === undefined) return { reason: 'accountNotFound', accountId: debitAccountId };
  if (credit === undefined) return { reason: 'accountNotFound', accountId: creditAccountId };
  if (fees === undefined) return { reason: 'accountNotFound', accountId: HOUSE.fees.id };
  return { debit, credit, fees };
}

/** Issuance is the other side of the money in circulation, so it alone goes below zero. */
export function refusalByFunds(
  { kind, balanceXof, heldXof }: AccountState,
  neededXof: number,
): RefusalOf<'insufficientFunds'> | undefined {
  const availableXof = balanceXof - heldXof;
  if (kind === 'issuance' || availableXof >= neededXof) return undefined;
  return { reason: 'insufficientFunds', availableXof, neededXof };
}

/** The answer is stored beside the money, whether it moved or not, so that a repeat gets the same bytes. */
export function conclude<O extends AnyOutcome>(
  request: {
    readonly idempotency: IdempotencyRequest | null;
    readonly answer: (outcome: O) => StoredAnswer;
  },
  outcome: O,
  draft: Draft,
  context: BatchContext,
): PostResult {
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
