import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { assertOwn, balanceView } from '../../money/balance.ts';
import { BALANCE, envelope } from '../../schemas/answers.ts';
import { ACCOUNT } from '../../schemas/fields.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const balanceRoute = defineRoute(
  {
    id: 'balance',
    method: 'GET',
    path: '/api/ompay/balance',
    summary: "The balance of the user's account.",
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: {
      type: 'object',
      properties: { compteId: ACCOUNT },
      required: [],
    },
    success: { status: 200, mediaType: 'application/json', schema: envelope(BALANCE) },
    errors: ['accountNotFound'],
  },
  async (request, services) => {
    const { account } = principalOf(request);
    assertOwn(account, request.query.compteId ?? account.id);
    const data = await balanceView(services, account);
    return { kind: 'data', message: SAID.balance, data };
  },
);
