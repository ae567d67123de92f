import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { OmpayError } from '../../core/errors.ts';
import { contentTypeOf, renderError } from '../answer.ts';
import { CommitUnknownError, isConnectionLost } from '../db/errors.ts';
import { API_ERRORS, ApiError } from '../errors.ts';
import { readerOf } from './request.ts';
import { validationError } from './validation.ts';

/** The only writer of errors. What is not known here is a fault of ours: logged with its cause, told without it. */
export async function handleError(
  thrown: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string> {
  const error = apiErrorOf(thrown);
  if (API_ERRORS[error.errorName].status >= 500) request.log.error({ err: error.cause }, error.errorName);
  const answer = renderError(error, readerOf(request));
  void reply.code(answer.statusCode).type(contentTypeOf(answer.body));
  if (error.retryAfterSeconds !== null) void reply.header('retry-after', error.retryAfterSeconds);
  return answer.body;
}

export async function handleUnknownRoute(): Promise<never> {
  throw new ApiError('routeNotFound');
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
