import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { HISTORY_QUERY, historyView } from '../../money/history.ts';
import { envelope, HISTORY } from '../../schemas/answers.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const historyRoute = defineRoute(
  {
    id: 'history',
    method: 'GET',
    path: '/api/ompay/history',
    summary: "The account's transactions, newest first: by page, or with `cursor` by position.",
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: HISTORY_QUERY,
    success: { status: 200, mediaType: 'application/json', schema: envelope(HISTORY) },
    errors: [],
  },
  async (request, services) => {
    const data = await historyView(services, principalOf(request).account.id, request.query);
    return { kind: 'data', message: SAID.history, data };
  },
);
