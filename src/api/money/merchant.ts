import { isCustomer, mayReceive } from '../accounts/holders.ts';
import { nationalNumber } from '../accounts/phone.ts';
import { claimOfQr, findQr } from '../accounts/qr.ts';
import { ApiError } from '../errors.ts';
import { principalOf } from '../http/request.ts';
import type { RouteAnswer, RouteRequest } from '../http/route.ts';
import { fieldsError, REQUIRED } from '../http/validation.ts';
import type { Sentence } from '../language.ts';
import { AMOUNT } from '../schemas/fields.ts';
import type { RequestSchema } from '../schemas/json.ts';
import { SAID, SMS } from '../sentences.ts';
import type { Services } from '../services.ts';
import { smsTo } from './cash.ts';
import { type Movement, NO_ACCOUNT, postMovement } from './post.ts';
import { transactionView } from './transaction.ts';

export interface PaymentRequest {
  readonly code_marchand?: string | undefined;
  readonly code_qr?: string | undefined;
  readonly montant?: number | undefined;
}

/** Who is paid and how much, of a code; a code that is not good goes to the ledger and is refused there. */
interface Payment extends Pick<Movement, 'creditAccountId' | 'amountXof' | 'named' | 'claim' | 'refusedAs'> {
  /** E.164; empty for nobody. */
  readonly telephone: string;
}

const ONE_CODE: Sentence = {
  fr: 'Un seul des deux : code_marchand ou code_qr.',
  en: 'One of the two: code_marchand or code_qr.',
};
const FIXED: Sentence = {
  fr: 'Le montant est celui du code QR.',
  en: 'The amount is that of the QR code.',
};

/** Pays a merchant, by its code or by a QR code that it made. */
export async function payMerchant<B extends RequestSchema, Q extends RequestSchema>(
  services: Services,
  request: RouteRequest<B, Q>,
  asked: PaymentRequest,
): Promise<RouteAnswer> {
  const payer = principalOf(request);
  if (!isCustomer(payer)) throw new ApiError('customerOnly');
  const { telephone, ...payment } = await paymentOf(services, asked);
  return postMovement(services, request, {
    type: 'paiement',
    debitAccountId: payer.account.id,
    ...payment,
    description: null,
    message: SAID.paid,
    present: (posted) => ({
      debit_transaction: transactionView(posted, 'debit', 'reussi'),
      credit_transaction: transactionView(posted, 'credit', 'reussi'),
      reference: posted.reference,
      solde_client: posted.debitAvailableXof,
    }),
    messages: (posted) => [
      smsTo(telephone, SMS.paymentReceived, {
        amount: posted.amountXof,
        phone: nationalNumber(payer.user.telephone),
        balance: posted.creditAvailableXof,
        reference: posted.reference,
      }),
    ],
  });
}

function paymentOf(services: Services, asked: PaymentRequest): Promise<Payment> {
  const { code_marchand: code, code_qr: qr, montant } = asked;
  if (qr !== undefined) {
    if (code !== undefined) throw fieldsError({ code_qr: [ONE_CODE] });
    return byQr(services, qr, montant);
  }
  if (code === undefined) throw fieldsError({ code_marchand: [REQUIRED] });
  if (montant === undefined) throw fieldsError({ montant: [REQUIRED] });
  return byCode(services, code, montant);
}

async function byCode(services: Services, code: string, amountXof: number): Promise<Payment> {
  const merchant = await services.merchant(code);
  if (!mayReceive(merchant)) return { creditAccountId: NO_ACCOUNT, telephone: '', amountXof, named: code };
  const { account, user } = merchant;
  return { creditAccountId: account.id, telephone: user.telephone, amountXof, named: code };
}

async function byQr(services: Services, code: string, asked: number | undefined): Promise<Payment> {
  const qr = await findQr(services.database, code, services.clock.now());
  if (qr === undefined) {
    const amountXof = asked ?? AMOUNT.minimum;
    return { creditAccountId: NO_ACCOUNT, telephone: '', amountXof, named: code, refusedAs: 'qrNotFound' };
  }
  const { account, user } = qr.merchant;
  const amountXof = qr.amountXof ?? asked;
  if (amountXof === undefined) throw fieldsError({ montant: [REQUIRED] });
  if (asked !== undefined && asked !== amountXof) throw fieldsError({ montant: [FIXED] });
  return {
    creditAccountId: account.id,
    telephone: user.telephone,
    amountXof,
    named: code,
    claim: claimOfQr(code),
  };
}
