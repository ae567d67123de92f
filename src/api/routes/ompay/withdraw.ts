import { defineRoute } from '../../http/route.ts';
import { askCash } from '../../money/ask-cash.ts';
import { CASH } from '../../schemas/answers.ts';
import { AMOUNT, DESCRIPTION, PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { MONEY_ERRORS } from './errors.ts';

export const withdrawRoute = defineRoute(
  {
    id: 'withdraw',
    method: 'POST',
    path: '/api/ompay/withdraw',
    summary:
      "A distributor's withdrawal for a client, to its float; or a customer's own, held until a distributor confirms it.",
    secured: true,
    rate: 'money',
    idempotent: true,
    asksPin: true,
    body: {
      type: 'object',
      properties: { amount: AMOUNT, description: DESCRIPTION, telephone_client: PHONE },
      required: ['amount'],
    },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: CASH },
    errors: ['distributorOnly', 'clientConfirms', 'tooManyOperations', ...MONEY_ERRORS],
  },
  (request, services) => askCash(services, request, { type: 'retrait', ...request.body }),
);
