import { renderRefusal, successBody } from '../answer.ts';
import { ApiError } from '../errors.ts';
import { principalOf, readerOf } from '../http/request.ts';
import type { RouteAnswer, RouteRequest } from '../http/route.ts';
import { readOperation } from '../ledger/history.ts';
import type { RequestSchema } from '../schemas/json.ts';
import { SAID } from '../sentences.ts';
import type { Services } from '../services.ts';
import { holdData } from './hold.ts';
import { idempotencyOf, storedAnswer } from './stored.ts';

/** Voids one's own operation while it is pending. Throws `transactionNotFound`, the same for another's as for nobody's. */
export async function cancelHold<B extends RequestSchema, Q extends RequestSchema>(
  services: Services,
  request: RouteRequest<B, Q>,
  reference: string,
): Promise<RouteAnswer> {
  const accountId = principalOf(request).account.id;
  const operation = await readOperation(services.database.kysely, { accountId, reference });
  if (operation === undefined) throw new ApiError('transactionNotFound', { parameters: { reference } });
  const reader = readerOf(request);
  const result = await services.ledger.post({
    operation: 'void',
    // A transfer's id is no hold's: money that moved is no longer pending.
    holdId: operation.id,
    accountId,
    idempotency: idempotencyOf(request),
    messages: () => [],
    answer: (outcome) =>
      outcome.kind === 'refused'
        ? renderRefusal('operationNotPending', {}, reader)
        : { statusCode: 200, body: successBody(SAID.holdCancelled, holdData(outcome.hold), reader) },
  });
  return storedAnswer(result);
}
