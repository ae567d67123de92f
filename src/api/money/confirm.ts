import { toE164 } from '../accounts/phone.ts';
import { type Reader, renderRefusal, successBody } from '../answer.ts';
import { codeHmac, otherCodeHmacs } from '../auth/hold-code.ts';
import { ApiError, type ApiErrorName } from '../errors.ts';
import { principalOf, readerOf } from '../http/request.ts';
import type { RouteAnswer, RouteRequest } from '../http/route.ts';
import type { ConfirmOutcome } from '../ledger/requests.ts';
import type { OutgoingMessage, StoredAnswer } from '../ledger/types.ts';
import type { RequestSchema } from '../schemas/json.ts';
import { SAID, SMS } from '../sentences.ts';
import type { Services } from '../services.ts';
import { receiverOf, smsTo } from './cash.ts';
import { idempotencyOf, storedAnswer } from './stored.ts';
import { transactionView } from './transaction.ts';

export interface Confirmation {
  readonly telephone_client: string;
  readonly code: string;
}

/** A distributor gives or takes the cash of a client's pending operation. Throws `distributorOnly`. */
export async function confirmHold<B extends RequestSchema, Q extends RequestSchema>(
  services: Services,
  request: RouteRequest<B, Q>,
  { telephone_client: client, code }: Confirmation,
): Promise<RouteAnswer> {
  const distributor = principalOf(request);
  if (distributor.account.kind !== 'distributor') throw new ApiError('distributorOnly');
  const accountId = await receiverOf(services, client, distributor);
  const reader = readerOf(request);
  // An unsalted hash of six digits would tell them; under the key, another code is still another request.
  const told = { telephone_client: client, code: codeHmac(services.keys.hold, client, code) };
  const result = await services.ledger.post({
    operation: 'confirm',
    accountId,
    counterpartyId: distributor.account.id,
    codeHmac: codeHmac(services.keys.hold, accountId, code),
    otherCodeHmacs: otherCodeHmacs(services.keys.hold, accountId, code),
    initiatorId: distributor.user.id,
    idempotency: idempotencyOf(request, told),
    messages: (outcome) => messagesOf(outcome, toE164(client)),
    answer: (outcome) => answerOf(outcome, client, reader),
  });
  return storedAnswer(result);
}

/** The client is told of the money, and when wrong codes have ended his operations. */
function messagesOf(outcome: ConfirmOutcome, telephone: string): readonly OutgoingMessage[] {
  if (outcome.kind === 'posted') {
    const { transfer, hold } = outcome;
    const [sentence, balance] =
      hold.type === 'depot'
        ? [SMS.deposited, transfer.creditAvailableXof]
        : [SMS.withdrawn, transfer.debitAvailableXof];
    return [
      smsTo(telephone, sentence, { amount: transfer.amountXof, balance, reference: transfer.reference }),
    ];
  }
  const { refusal } = outcome;
  if (refusal.reason !== 'codeInvalid') return [];
  return refusal.voided.map(({ amountXof, reference }) =>
    smsTo(telephone, SMS.codesExhausted, { amount: amountXof, reference }),
  );
}

function answerOf(outcome: ConfirmOutcome, client: string, reader: Reader): StoredAnswer {
  if (outcome.kind === 'refused') {
    return renderRefusal(ERROR_BY_REASON[outcome.refusal.reason], { account: client }, reader);
  }
  const { transfer, hold } = outcome;
  const deposit = hold.type === 'depot';
  const data = {
    transaction: transactionView(transfer, deposit ? 'debit' : 'credit', 'reussi'),
    reference: transfer.reference,
  };
  return { statusCode: 200, body: successBody(deposit ? SAID.deposited : SAID.withdrawn, data, reader) };
}

type Reason = Extract<ConfirmOutcome, { kind: 'refused' }>['refusal']['reason'];

const ERROR_BY_REASON = {
  codeInvalid: 'operationCodeInvalid',
  insufficientFunds: 'insufficientFunds',
  accountNotFound: 'accountNotFound',
  sameAccount: 'sameAccount',
  balanceCeiling: 'balanceCeiling',
  periodCeiling: 'periodCeiling',
} as const satisfies Readonly<Record<Reason, ApiErrorName>>;
