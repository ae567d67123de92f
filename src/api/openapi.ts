import { API_ERRORS, type ApiErrorName } from './errors.ts';
import { bodyOf, failureStatuses, type Operation, paramsOf, takesInput } from './http/operation.ts';
import { ERROR, HEALTH, PROBLEM, READY } from './schemas/answers.ts';
import { PIN } from './schemas/fields.ts';
import type { AnswerSchema, RequestSchema } from './schemas/json.ts';

type Node = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of these operations, from the descriptions that the server registers. */
export function openApiDocument(operations: readonly Operation[]): Node {
  const paths: Record<string, Node> = {};
  for (const operation of operations) {
    paths[templateOf(operation.path)] = { [operation.method.toLowerCase()]: operationNode(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'OMPAY',
      version: '1.0.0',
      description:
        'Amounts are whole francs (FCFA). Messages are French; English with Accept-Language: en. ' +
        'Errors are RFC 9457 problems with Accept: application/problem+json.',
    },
    paths,
    components: {
      schemas: { Error: ERROR, Problem: PROBLEM },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** `/qr/{code}` of `/qr/:code`. */
function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

function operationNode(operation: Operation): Node {
  const body = bodyOf(operation);
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(operation.secured ? { security: [{ token: [] }] } : {}),
    parameters: [
      ...parametersIn('path', paramsOf(operation)),
      ...parametersIn('query', operation.query),
      ...(operation.idempotent ? [IDEMPOTENCY_KEY] : []),
      ...(operation.asksPin === true ? [X_PIN] : []),
    ],
    ...(takesInput(body)
      ? {
          requestBody: {
            required: body.required.length > 0,
            content: { 'application/json': { schema: body } },
          },
        }
      : {}),
    responses: responsesOf(operation),
  };
}

function parametersIn(place: 'path' | 'query', { properties, required }: RequestSchema): readonly Node[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema,
  }));
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key and body give the same bytes again, with Idempotent-Replayed: true.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const X_PIN = {
  name: 'X-Pin',
  in: 'header',
  required: false,
  description: 'Instead of the field `pin`.',
  schema: PIN,
};

function responsesOf(operation: Operation): Node {
  const responses: Record<string, Node> = { [operation.success.status]: successNode(operation) };
  for (const [status, names] of failureStatuses(operation))
    responses[status] = failureNode(operation, status, names);
  return responses;
}

function successNode(operation: Operation): Node {
  const { mediaType, schema } = operation.success;
  return {
    description: 'Done.',
    headers: {
      ...always('X-Request-Id'),
      ...(operation.rate === null ? {} : always('RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset')),
      ...(operation.idempotent ? sometimes('Idempotent-Replayed', 'Possible-Duplicate') : {}),
    },
    content: { [mediaType]: { schema } },
  };
}

function failureNode(operation: Operation, status: number, names: readonly ApiErrorName[]): Node {
  const limited = status === 429 ? always('Retry-After') : sometimes('Retry-After');
  return {
    description: names.map((name) => `\`${API_ERRORS[name].code}\`: ${API_ERRORS[name].en}`).join(' '),
    headers: { ...always('X-Request-Id'), ...limited },
    content: {
      'application/json': { schema: errorSchema(operation, status) },
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    },
  };
}

/** By operation: what it tells of itself where it answers 503. */
const OWN_503: Readonly<Record<string, AnswerSchema>> = { health: HEALTH, ready: READY };

/** An unhealthy process still says what is wrong with it. */
function errorSchema({ id }: Operation, status: number): AnswerSchema {
  const error = { $ref: '#/components/schemas/Error' };
  const own = status === 503 ? OWN_503[id] : undefined;
  return own === undefined ? error : { oneOf: [own, error] };
}

const HEADERS = {
  'X-Request-Id': { schema: { type: 'string' } },
  'RateLimit-Limit': { schema: { type: 'integer' } },
  'RateLimit-Remaining': { schema: { type: 'integer' } },
  'RateLimit-Reset': { description: 'Seconds.', schema: { type: 'integer' } },
  'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } },
  'Idempotent-Replayed': { schema: { const: 'true' } },
  'Possible-Duplicate': {
    description:
      'Without an Idempotency-Key: the same request of the same user was done less than 10 seconds ago, too.',
    schema: { const: 'true' },
  },
};

type HeaderName = keyof typeof HEADERS;

function always(...names: readonly HeaderName[]): Node {
  return Object.fromEntries(names.map((name) => [name, { ...HEADERS[name], required: true }]));
}

function sometimes(...names: readonly HeaderName[]): Node {
  return Object.fromEntries(names.map((name) => [name, { ...HEADERS[name], required: false }]));
}
