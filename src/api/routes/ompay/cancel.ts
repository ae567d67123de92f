import { defineRoute } from '../../http/route.ts';
import { cancelHold } from '../../money/cancel.ts';
import { CASH } from '../../schemas/answers.ts';
import { REFERENCE } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';

export const cancelRoute = defineRoute(
  {
    id: 'cancel',
    method: 'POST',
    path: '/api/ompay/cancel',
    summary: "Cancels one's own deposit or withdrawal while it is pending.",
    secured: true,
    rate: 'money',
    idempotent: true,
    asksPin: true,
    body: { type: 'object', properties: { reference: REFERENCE }, required: ['reference'] },
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: CASH },
    errors: ['transactionNotFound', 'operationNotPending'],
  },
  (request, services) => cancelHold(services, request, request.body.reference),
);
