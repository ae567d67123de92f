import assert from 'node:assert/strict';
import { isoTime } from '../../../core/clock.ts';
import { ApiError } from '../../errors.ts';
import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { BALANCE, envelope } from '../../schemas/answers.ts';
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
      properties: { compteId: { type: 'string', minLength: 1, maxLength: 64 } },
      required: [],
    },
    success: { status: 200, mediaType: 'application/json', schema: envelope(BALANCE) },
    errors: ['accountNotFound'],
  },
  async (request, services) => {
    const { account } = principalOf(request);
    const asked = request.query.compteId ?? account.id;
    if (asked !== account.id) throw new ApiError('accountNotFound', { parameters: { account: asked } });
    const balanceXof = await services.balance(account.id);
    assert(balanceXof !== undefined, 'an account is never deleted');
    const data = {
      compte_id: account.id,
      numero_compte: account.numero,
      solde: balanceXof,
      devise: 'FCFA',
      date_consultation: isoTime(services.clock.now()),
    };
    return { kind: 'data', message: SAID.balance, data };
  },
);
