import type { FastifyRequest } from 'fastify';
import { type Reader, renderRefusal, successBody } from '../answer.ts';
import type { TransferType } from '../db/schema.ts';
import type { ApiErrorName } from '../errors.ts';
import { principalOf, readerOf } from '../http/request.ts';
import type { RouteAnswer } from '../http/route.ts';
import type { Sentence } from '../language.ts';
import type { Outcome, OutgoingMessage, PostedTransfer, Refusal, StoredAnswer } from '../ledger/types.ts';
import type { Services } from '../services.ts';
import { idempotencyOf, storedAnswer } from './stored.ts';

/** No account has it: money to an unknown receiver is refused by the ledger, so the refusal is kept under the key. */
export const NO_ACCOUNT = '00000000-0000-0000-0000-000000000000';

export interface Movement {
  readonly type: TransferType;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amountXof: number;
  readonly description: string | null;
  /** What this movement alone may use up. */
  readonly claim?: string | undefined;
  /** Why it must not be done. It goes to the ledger all the same, which refuses it: the refusal is kept under the key. */
  readonly refusedAs?: ApiErrorName | undefined;
  /** The receiver or client as the request named it, for "Compte … introuvable". */
  readonly named: string;
  readonly message: Sentence;
  /** The answer's `data`. Pure. */
  readonly present: (posted: PostedTransfer) => unknown;
  readonly messages: (posted: PostedTransfer) => readonly OutgoingMessage[];
}

/** Moves money through the ledger and gives the answer that it stored. */
export async function postMovement(
  services: Services,
  request: FastifyRequest,
  movement: Movement,
): Promise<RouteAnswer> {
  const reader = readerOf(request);
  const result = await services.ledger.post({
    type: movement.type,
    debitAccountId: movement.debitAccountId,
    creditAccountId: movement.refusedAs === undefined ? movement.creditAccountId : NO_ACCOUNT,
    amountXof: movement.amountXof,
    description: movement.description,
    claim: movement.claim,
    initiatorId: principalOf(request).user.id,
    idempotency: idempotencyOf(request),
    messages: movement.messages,
    answer: (outcome) => answerOf(outcome, movement, reader),
  });
  return storedAnswer(result);
}

function answerOf(outcome: Outcome, movement: Movement, reader: Reader): StoredAnswer {
  if (outcome.kind === 'refused') {
    const errorName = movement.refusedAs ?? ERROR_BY_REASON[outcome.refusal.reason];
    return renderRefusal(errorName, { account: movement.named }, reader);
  }
  return { statusCode: 200, body: successBody(movement.message, movement.present(outcome.transfer), reader) };
}

const ERROR_BY_REASON = {
  insufficientFunds: 'insufficientFunds',
  accountNotFound: 'accountNotFound',
  sameAccount: 'sameAccount',
  // Only the codes of merchants are claimed.
  claimTaken: 'qrUsed',
  balanceCeiling: 'balanceCeiling',
  periodCeiling: 'periodCeiling',
} as const satisfies Readonly<Record<Refusal['reason'], string>>;
