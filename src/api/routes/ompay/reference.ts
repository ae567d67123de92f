import { ApiError } from '../../errors.ts';
import { principalOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { findTransaction } from '../../money/find.ts';
import { envelope, TRANSACTION } from '../../schemas/answers.ts';
import { REFERENCE } from '../../schemas/fields.ts';
import { NO_REQUEST, strictObject } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

export const referenceRoute = defineRoute(
  {
    id: 'transactionByReference',
    method: 'GET',
    path: '/api/ompay/transactions/reference/:reference',
    summary: "One of one's own transactions, sent or received, by its reference.",
    secured: true,
    rate: 'read',
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    params: { type: 'object', properties: { reference: REFERENCE }, required: ['reference'] },
    success: {
      status: 200,
      mediaType: 'application/json',
      schema: envelope(strictObject({ transaction: TRANSACTION })),
    },
    errors: ['transactionNotFound'],
  },
  async (request, services) => {
    const { reference } = request.params;
    const accountId = principalOf(request).account.id;
    const transaction = await findTransaction(services.database, { accountId, reference });
    if (transaction === undefined) throw new ApiError('transactionNotFound', { parameters: { reference } });
    return { kind: 'data', message: SAID.transaction, data: { transaction } };
  },
);
