import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { assertOwn } from '../../money/balance.ts';
import { HISTORY_QUERY, historyView } from '../../money/history.ts';
import { envelope, HISTORY } from '../../schemas/answers.ts';
import { ACCOUNT } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const transactionsRoute = defineRoute(
  {
    id: 'transactions',
    method: 'GET',
    path: '/api/ompay/transactions/:compteId',
    summary: "The transactions of one's own account, by its id or number: as the history.",
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: HISTORY_QUERY,
    params: { type: 'object', properties: { compteId: ACCOUNT }, required: ['compteId'] },
    success: { status: 200, mediaType: 'application/json', schema: envelope(HISTORY) },
    errors: ['accountNotFound'],
  },
  async (request, services) => {
    const { account } = principalOf(request);
    assertOwn(account, request.params.compteId);
    const data = await historyView(services, account.id, request.query);
    return { kind: 'data', message: SAID.history, data };
  },
);
