import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  preHandlerAsyncHookHandler,
  preValidationAsyncHookHandler,
} from 'fastify';
import { contentTypeOf, successBody } from '../answer.ts';
import { confirmPin } from '../auth/pin-check.ts';
import { refusedFor } from '../errors.ts';
import type { Sentence } from '../language.ts';
import type { StoredAnswer } from '../ledger/types.ts';
import { fingerprintOf } from '../money/fingerprint.ts';
import { PIN } from '../schemas/fields.ts';
import type { NO_REQUEST, RequestOf, RequestSchema } from '../schemas/json.ts';
import type { Services } from '../services.ts';
import { bodyOf, type Operation, paramsOf, takesInput } from './operation.ts';
import type { RateName } from './rates.ts';
import { addressOf, principalOf, readerOf, takePin } from './request.ts';

/** What a handler gives back. */
export type RouteAnswer =
  | { readonly kind: 'data'; readonly message: Sentence; readonly data: unknown }
  /** Bytes of a money route: new, or those of the first time. */
  | { readonly kind: 'stored'; readonly answer: StoredAnswer; readonly replayed: boolean }
  | {
      readonly kind: 'plain';
      readonly statusCode: number;
      readonly contentType: string;
      readonly body: string;
    };

export interface Route {
  readonly operation: Operation;
  mount(app: FastifyInstance, services: Services): void;
}

interface Parts<B extends RequestSchema, Q extends RequestSchema, P extends RequestSchema> {
  Body: RequestOf<B>;
  Querystring: RequestOf<Q>;
  Params: RequestOf<P>;
}

export type RouteRequest<
  B extends RequestSchema,
  Q extends RequestSchema,
  P extends RequestSchema = typeof NO_REQUEST,
> = FastifyRequest<Parts<B, Q, P>>;

/** A route from its description and its handler; nothing else registers routes. */
export function defineRoute<
  const B extends RequestSchema,
  const Q extends RequestSchema,
  const P extends RequestSchema = typeof NO_REQUEST,
>(
  operation: Operation<B, Q, P>,
  handle: (request: RouteRequest<B, Q, P>, services: Services) => Promise<RouteAnswer>,
): Route {
  return {
    operation,
    mount(app, services) {
      app.route<Parts<B, Q, P>>({
        method: operation.method,
        url: operation.path,
        schema: validationSchemas(operation),
        onRequest: hooksOf(operation, services),
        preValidation: operation.body.required.length === 0 ? [allowNoBody] : [],
        preHandler: operation.asksPin === true ? [pinHook(services)] : [],
        handler: async (request, reply) => {
          const answer = await handle(request, services);
          if (isSecondTime(operation, request, answer, services))
            void reply.header('possible-duplicate', 'true');
          return send(operation, request, reply, answer);
        },
      });
    },
  };
}

/** A body of which nothing is required may be left out. */
const allowNoBody: preValidationAsyncHookHandler = async (request) => {
  request.body ??= {};
};

const IDEMPOTENCY_KEY = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]*$' } as const;

function validationSchemas(operation: Operation): Readonly<Record<string, object>> {
  const [body, params] = [bodyOf(operation), paramsOf(operation)];
  const headers = {
    ...(operation.idempotent ? { 'idempotency-key': IDEMPOTENCY_KEY } : {}),
    ...(operation.asksPin === true ? { 'x-pin': PIN } : {}),
  };
  return {
    ...(takesInput(body) ? { body } : {}),
    ...(takesInput(operation.query) ? { querystring: operation.query } : {}),
    ...(takesInput(params) ? { params } : {}),
    headers: { type: 'object', properties: headers },
  };
}

/**
 * Asked for at every request, a repeat under an idempotency key too: a stolen token alone gets no stored answer.
 * A wrong PIN is not kept under the key.
 */
function pinHook(services: Services): preHandlerAsyncHookHandler {
  return async (request) => confirmPin(services, principalOf(request).user.id, takePin(request));
}

/** Before the body is read: who asks, then whether he asks too often. */
function hooksOf(operation: Operation, services: Services): onRequestAsyncHookHandler[] {
  const { rate } = operation;
  const authenticate: onRequestAsyncHookHandler = async (request) => {
    const use = operation.method === 'GET' ? 'read' : 'write';
    request.principal = await services.sessions.authenticate(request.headers.authorization, use);
  };
  const identity = operation.secured ? userOf : addressOf;
  const limit = (name: RateName): onRequestAsyncHookHandler => {
    return async (request, reply) => countRequest(services, { name, key: identity(request) }, reply);
  };
  return [...(operation.secured ? [authenticate] : []), ...(rate === null ? [] : [limit(rate)])];
}

function userOf(request: FastifyRequest): string {
  return principalOf(request).user.id;
}

/** Headers of draft-ietf-httpapi-ratelimit-headers-07; throws `rateLimited`. */
async function countRequest(
  services: Services,
  counted: { readonly name: RateName; readonly key: string },
  reply: FastifyReply,
): Promise<void> {
  const state = await services.rates.hit(counted.name, counted.key);
  void reply.headers({
    'ratelimit-limit': state.limit,
    'ratelimit-remaining': state.remaining,
    'ratelimit-reset': Math.ceil(state.resetMs / 1000),
  });
  if (!state.allowed) throw refusedFor('rateLimited', state.resetMs);
}

/** A client that sends no key is served, and told when it did the very same a moment ago. */
function isSecondTime(
  operation: Operation,
  request: FastifyRequest,
  answer: RouteAnswer,
  services: Services,
): boolean {
  const isDone = answer.kind === 'stored' && answer.answer.statusCode < 300;
  if (!operation.idempotent || !isDone || request.headers['idempotency-key'] !== undefined) return false;
  const { method, body } = request;
  return services.repeats.note(userOf(request), fingerprintOf({ method, route: operation.path, body }));
}

function send(
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: RouteAnswer,
): string {
  switch (answer.kind) {
    case 'data':
      void reply.code(operation.success.status).type('application/json; charset=utf-8');
      return successBody(answer.message, answer.data, readerOf(request));
    case 'stored':
      void reply.code(answer.answer.statusCode).type(contentTypeOf(answer.answer.body));
      if (answer.replayed) void reply.header('idempotent-replayed', 'true');
      return answer.answer.body;
    case 'plain':
      void reply.code(answer.statusCode).type(answer.contentType);
      return answer.body;
  }
}
