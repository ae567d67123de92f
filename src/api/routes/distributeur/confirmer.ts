import { defineRoute } from '../../http/route.ts';
import { confirmHold } from '../../money/confirm.ts';
import { CASH } from '../../schemas/answers.ts';
import { HOLD_CODE, PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';

export const confirmRoute = defineRoute(
  {
    id: 'confirmOperation',
    method: 'POST',
    path: '/api/distributeur/confirmer',
    summary:
      "A distributor confirms a client's pending deposit or withdrawal, by the code that the client has.",
    secured: true,
    rate: 'money',
    idempotent: true,
    asksPin: true,
    body: {
      type: 'object',
      properties: { telephone_client: PHONE, code: HOLD_CODE },
      required: ['telephone_client', 'code'],
    },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: CASH },
    errors: [
      'distributorOnly',
      'operationCodeInvalid',
      'insufficientFunds',
      'balanceCeiling',
      'periodCeiling',
    ],
  },
  (request, services) => confirmHold(services, request, request.body),
);
