import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import { principalOf } from '../http/request.ts';
import type { RouteAnswer } from '../http/route.ts';
import type { IdempotencyRequest, PostResult } from '../ledger/types.ts';
import { fingerprintOf } from './fingerprint.ts';

/**
 * The request's Idempotency-Key with what tells another request under it.
 * @param body what is told of the request's body, where the whole of it must not be.
 */
export function idempotencyOf(
  request: FastifyRequest,
  body: unknown = request.body,
): IdempotencyRequest | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  const fingerprint = fingerprintOf({
    method: request.method,
    route: String(request.routeOptions.url),
    body,
  });
  return { ownerId: principalOf(request).user.id, key: String(key), fingerprint };
}

/**
 * What the ledger stored, as a route gives it. Throws `idempotencyKeyReused`, `idempotencyKeyInProgress`.
 * @param open undoes what the request's `answer` did to hide its bytes.
 */
export function storedAnswer(
  result: PostResult,
  open: (body: string) => string = (body) => body,
): RouteAnswer {
  switch (result.kind) {
    case 'done':
    case 'replayed': {
      const { statusCode, body } = result.answer;
      return {
        kind: 'stored',
        answer: { statusCode, body: open(body) },
        replayed: result.kind === 'replayed',
      };
    }
    case 'keyReused':
      throw new ApiError('idempotencyKeyReused');
    case 'inProgress':
      throw new ApiError('idempotencyKeyInProgress', { retryAfterSeconds: 1 });
  }
}
