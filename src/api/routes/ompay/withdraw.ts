import { defineRoute } from '../../http/route.ts';
import { moveCash } from '../../money/cash.ts';
import { CASH } from '../../schemas/answers.ts';
import { AMOUNT, DESCRIPTION, PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { MONEY_ERRORS } from './errors.ts';

export const withdrawRoute = defineRoute(
  {
    id: 'withdraw',
    method: 'POST',
    path: '/api/ompay/withdraw',
    summary: "A distributor's withdrawal for a client, to its float.",
    secured: true,
    rate: 'money',
    idempotent: true,
    body: {
      type: 'object',
      properties: { amount: AMOUNT, description: DESCRIPTION, telephone_client: PHONE },
      required: ['amount'],
    },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: CASH },
    errors: ['distributorOnly', ...MONEY_ERRORS],
  },
  (request, services) => moveCash(services, request, { type: 'retrait', ...request.body }),
);
