import { isoTime } from '../../core/clock.ts';
import { type Reader, renderRefusal, successBody } from '../answer.ts';
import { codeHmac, otherCodeHmacs } from '../auth/hold-code.ts';
import type { ApiErrorName } from '../errors.ts';
import { principalOf, readerOf } from '../http/request.ts';
import type { RouteAnswer, RouteRequest } from '../http/route.ts';
import type { Hold } from '../ledger/hold.ts';
import type { ReserveOutcome, ReserveRequest } from '../ledger/requests.ts';
import type { OutgoingMessage, StoredAnswer } from '../ledger/types.ts';
import { openBody, sealBody } from '../outbox/seal.ts';
import type { RequestSchema } from '../schemas/json.ts';
import { SAID, SMS } from '../sentences.ts';
import type { Services } from '../services.ts';
import { smsTo } from './cash.ts';
import { idempotencyOf, storedAnswer } from './stored.ts';
import { transactionView } from './transaction.ts';

/**
 * Opens a customer's own deposit or withdrawal, with a code that a distributor confirms. The answer holds the code, so it
 * is kept sealed under its idempotency key, as the SMS is.
 */
export async function openHold<B extends RequestSchema, Q extends RequestSchema>(
  services: Services,
  request: RouteRequest<B, Q>,
  wanted: Pick<ReserveRequest, 'type' | 'amountXof' | 'description'>,
): Promise<RouteAnswer> {
  const { account, user } = principalOf(request);
  const reader = readerOf(request);
  const { hold: codeKey, outbox: sealKey } = services.keys;
  const result = await services.ledger.post({
    operation: 'reserve',
    ...wanted,
    accountId: account.id,
    sealCode: (code) => codeHmac(codeKey, account.id, code),
    otherSeals: (code) => otherCodeHmacs(codeKey, account.id, code),
    idempotency: idempotencyOf(request),
    messages: (outcome) => messagesOf(outcome, user.telephone),
    answer: (outcome) => {
      const { statusCode, body } = answerOf(outcome, account.numero, reader);
      return { statusCode, body: sealBody(sealKey, body) };
    },
  });
  return storedAnswer(result, (body) => openBody(sealKey, body));
}

function messagesOf(outcome: ReserveOutcome, telephone: string): readonly OutgoingMessage[] {
  if (outcome.kind === 'refused') return [];
  const { code, hold } = outcome;
  const sentence = hold.type === 'depot' ? SMS.depositOpened : SMS.withdrawalOpened;
  return [smsTo(telephone, sentence, { code, amount: hold.amountXof, reference: hold.reference })];
}

function answerOf(outcome: ReserveOutcome, account: string, reader: Reader): StoredAnswer {
  if (outcome.kind === 'refused') {
    return renderRefusal(ERROR_BY_REASON[outcome.refusal.reason], { account }, reader);
  }
  const { code, hold } = outcome;
  const data = { ...holdData(hold), code, date_expiration: isoTime(hold.expiresAtMs) };
  return { statusCode: 200, body: successBody(SAID.holdOpened, data, reader) };
}

/** An operation as the customer who opened it sees it. */
export function holdData(hold: Hold): Readonly<Record<string, unknown>> {
  const side = hold.type === 'depot' ? 'credit' : 'debit';
  return { transaction: transactionView(hold, side, hold.status), reference: hold.reference };
}

type Reason = Extract<ReserveOutcome, { kind: 'refused' }>['refusal']['reason'];

const ERROR_BY_REASON = {
  tooManyHolds: 'tooManyOperations',
  insufficientFunds: 'insufficientFunds',
  accountNotFound: 'accountNotFound',
  balanceCeiling: 'balanceCeiling',
  periodCeiling: 'periodCeiling',
} as const satisfies Readonly<Record<Reason, ApiErrorName>>;
