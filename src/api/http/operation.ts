import { API_ERRORS, type ApiErrorName } from '../errors.ts';
import { PIN } from '../schemas/fields.ts';
import { type AnswerSchema, NO_REQUEST, type RequestSchema } from '../schemas/json.ts';
import type { RateName } from './rates.ts';

/** What a route promises: the server registers it, and docs/openapi.json is made, from this one description. */
export interface Operation<
  B extends RequestSchema = RequestSchema,
  Q extends RequestSchema = RequestSchema,
  P extends RequestSchema = RequestSchema,
> {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** Its parameters are written `:name`. */
  readonly path: string;
  readonly summary: string;
  /** Asks for an access token. */
  readonly secured: boolean;
  readonly rate: RateName | null;
  /** Takes an Idempotency-Key. */
  readonly idempotent: boolean;
  /** Once its user has a PIN, it is asked for, as field `pin` or header X-Pin; the handler never sees it. */
  readonly asksPin?: boolean;
  readonly body: B;
  readonly query: Q;
  /** Of the path; none unless told. */
  readonly params?: P;
  readonly success: SuccessDescription;
  /** Failures of its own, beside those that `errorsOf` adds. */
  readonly errors: readonly ApiErrorName[];
}

export interface SuccessDescription {
  readonly status: 200 | 201;
  readonly mediaType: 'application/json' | 'text/plain';
  readonly schema: AnswerSchema;
}

/** Every failure that an operation can answer with. */
export function errorsOf(operation: Operation): readonly ApiErrorName[] {
  const names = new Set<ApiErrorName>(operation.errors);
  const add = (when: boolean, ...more: readonly ApiErrorName[]): void => {
    for (const name of when ? more : []) names.add(name);
  };
  // A body is read even where none is asked for.
  add(operation.method === 'POST', 'malformedBody', 'bodyTooLarge', 'mediaTypeUnsupported');
  add([operation.body, operation.query, paramsOf(operation)].some(takesInput), 'validationFailed');
  add(operation.secured, 'unauthenticated');
  // Only what is limited reads the database for its caller.
  add(operation.rate !== null, 'rateLimited', 'databaseAway');
  add(operation.idempotent, 'idempotencyKeyReused', 'idempotencyKeyInProgress');
  add(operation.asksPin === true, 'pinRequired', 'pinInvalid', 'pinLocked');
  return [...names, 'internal'];
}

/** The statuses of those failures, ascending, each with its names. */
export function failureStatuses(operation: Operation): ReadonlyMap<number, readonly ApiErrorName[]> {
  const byStatus = Map.groupBy(errorsOf(operation), (name) => API_ERRORS[name].status);
  return new Map([...byStatus].toSorted(([left], [right]) => left - right));
}

export function paramsOf({ params = NO_REQUEST }: Operation): RequestSchema {
  return params;
}

/** The body as clients may send it, with the PIN that the route's own schema does not name. */
export function bodyOf({ asksPin = false, body }: Operation): RequestSchema {
  return asksPin ? { ...body, properties: { ...body.properties, pin: PIN } } : body;
}

export function takesInput(schema: RequestSchema): boolean {
  return Object.keys(schema.properties).length > 0;
}
