import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { contentTypeOf, type Extra, renderError } from '../answer.ts';
import { CommitUnknownError, isConnectionLost } from '../db/errors.ts';
import { API_ERRORS, ApiError } from '../errors.ts';
import { scrub } from '../log.ts';
import type { ErrorReporter } from '../sentry/reporter.ts';
import { commonHeaders, readerOf } from './request.ts';
import { validationError } from './validation.ts';

type ErrorHandler = (thrown: FastifyError, request: FastifyRequest, reply: FastifyReply) => Promise<string>;

/**
 * The only writer of errors. What is not known here is a fault of ours: logged and reported with its cause, and told
 * without it unless `debug` is on (APP_DEBUG, refused in production).
 */
export function errorHandler(options: {
  readonly debug: boolean;
  readonly errors: ErrorReporter;
}): ErrorHandler {
  return async (thrown, request, reply) => {
    const error = apiErrorOf(thrown);
    const ours = API_ERRORS[error.errorName].status >= 500;
    if (ours) tell(error, request, options.errors);
    const shown = options.debug && ours ? { debug: scrub(messageOf(error.cause)) } : {};
    return written(error, request, reply, shown);
  };
}

/** An error without a cause was meant: the process turns requests away that it cannot serve in time. */
function tell({ errorName, cause }: ApiError, request: FastifyRequest, errors: ErrorReporter): void {
  if (cause === undefined) {
    request.log.warn(errorName);
    return;
  }
  request.log.error({ err: cause }, errorName);
  errors.report(cause, { kind: errorName, route: request.routeOptions.url, requestId: request.id });
}

export async function handleUnknownRoute(request: FastifyRequest, reply: FastifyReply): Promise<string> {
  return written(new ApiError('routeNotFound'), request, reply);
}

/** An address that cannot be decoded, or is too long, leads nowhere either; it is met before hooks and handlers are. */
export function handleUnreadableAddress(
  _error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.headers(commonHeaders(request));
  void reply.send(written(new ApiError('routeNotFound'), request, reply));
}

/** Sets the status and the headers, and gives the body. */
function written(error: ApiError, request: FastifyRequest, reply: FastifyReply, extra: Extra = {}): string {
  request.failure = error.errorName;
  const answer = renderError(error, readerOf(request), extra);
  void reply.code(answer.statusCode).type(contentTypeOf(answer.body));
  if (error.retryAfterSeconds !== null) void reply.header('retry-after', error.retryAfterSeconds);
  return answer.body;
}

function apiErrorOf(thrown: FastifyError | OmpayError | ApiError): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (isDatabaseAway(thrown)) {
    return new ApiError('databaseAway', { cause: thrown, retryAfterSeconds: 1 });
  }
  if ('validation' in thrown && thrown.validation !== undefined) return validationError(thrown.validation);
  return new ApiError(ERROR_BY_STATUS[statusOf(thrown)] ?? 'internal', { cause: thrown });
}

function isDatabaseAway(thrown: unknown): boolean {
  const unavailable = thrown instanceof OmpayError && thrown.code === 'databaseUnavailable';
  return unavailable || isConnectionLost(thrown) || thrown instanceof CommitUnknownError;
}

/** Fastify's own errors carry the status that it would answer with. */
const ERROR_BY_STATUS: Readonly<Record<number, 'malformedBody' | 'bodyTooLarge' | 'mediaTypeUnsupported'>> = {
  400: 'malformedBody',
  413: 'bodyTooLarge',
  415: 'mediaTypeUnsupported',
};

function statusOf(thrown: object): number {
  return 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
}
