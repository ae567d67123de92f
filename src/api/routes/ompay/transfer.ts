import { isCustomer } from '../../accounts/holders.ts';
import { nationalNumber, toE164 } from '../../accounts/phone.ts';
import { ApiError } from '../../errors.ts';
import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { receiverOf, smsTo } from '../../money/cash.ts';
import { postMovement } from '../../money/post.ts';
import { transactionView } from '../../money/transaction.ts';
import { envelope, TRANSFER } from '../../schemas/answers.ts';
import { AMOUNT, DESCRIPTION, PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID, SMS } from '../../sentences.ts';
import { MONEY_ERRORS } from './errors.ts';

export const transferRoute = defineRoute(
  {
    id: 'transfer',
    method: 'POST',
    path: '/api/ompay/transfer',
    summary: 'Sends money to another customer; the sender pays the fee on top.',
    secured: true,
    rate: 'money',
    idempotent: true,
    asksPin: true,
    body: {
      type: 'object',
      properties: { recipient_telephone: PHONE, amount: AMOUNT, description: DESCRIPTION },
      required: ['recipient_telephone', 'amount'],
    },
    query: NO_REQUEST,
    success: {
      status: 200,
      mediaType: 'application/json',
      schema: envelope(TRANSFER),
    },
    errors: ['customerOnly', 'sameAccount', ...MONEY_ERRORS],
  },
  async (request, services) => {
    const { body } = request;
    const sender = principalOf(request);
    if (!isCustomer(sender)) throw new ApiError('customerOnly');
    return postMovement(services, request, {
      type: 'transfert',
      debitAccountId: sender.account.id,
      creditAccountId: await receiverOf(services, body.recipient_telephone, sender),
      amountXof: body.amount,
      description: body.description ?? null,
      named: body.recipient_telephone,
      message: SAID.transferred,
      present: (posted) => ({
        debit_transaction: transactionView(posted, 'debit', 'reussi'),
        credit_transaction: transactionView(posted, 'credit', 'reussi'),
        reference: posted.reference,
      }),
      messages: (posted) => [
        smsTo(toE164(body.recipient_telephone), SMS.transferReceived, {
          amount: posted.amountXof,
          phone: nationalNumber(sender.user.telephone),
          balance: posted.creditAvailableXof,
          reference: posted.reference,
        }),
      ],
    });
  },
);
