import { principalOf } from '../http/request.ts';
import type { RouteAnswer, RouteRequest } from '../http/route.ts';
import type { RequestSchema } from '../schemas/json.ts';
import type { Services } from '../services.ts';
import { type CashRequest, moveCash } from './cash.ts';
import { openHold } from './hold.ts';

/** A distributor moves cash for a client that it names, at once; a customer opens an operation of his own. */
export function askCash<B extends RequestSchema, Q extends RequestSchema>(
  services: Services,
  request: RouteRequest<B, Q>,
  cash: CashRequest & { readonly type: 'depot' | 'retrait' },
): Promise<RouteAnswer> {
  const { type, amount: amountXof, description = null, telephone_client: client } = cash;
  const isDistributor = principalOf(request).account.kind === 'distributor';
  if (isDistributor || client !== undefined) return moveCash(services, request, cash);
  return openHold(services, request, { type, amountXof, description });
}
