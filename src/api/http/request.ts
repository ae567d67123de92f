import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { uuidv7 } from '../../core/ids.ts';
import type { Reader } from '../answer.ts';
import type { Principal } from '../auth/sessions.ts';
import type { ApiErrorName } from '../errors.ts';
import { languageOf } from '../language.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set on secured routes before their body is read. */
    principal: Principal | null;
    /** The error that the answer is. */
    failure: ApiErrorName | null;
  }
}

export function readerOf(request: FastifyRequest): Reader {
  return {
    language: languageOf(request.headers['accept-language']),
    problems: request.headers.accept?.includes('application/problem+json') === true,
    requestId: request.id,
  };
}

export function principalOf(request: FastifyRequest): Principal {
  assert(request.principal !== null, 'the route is not secured');
  return request.principal;
}

/** The client's address as the front saw it; one name for clients of the socket itself. */
export function addressOf(request: FastifyRequest): string {
  return request.ip || 'socket';
}

/** The caller's X-Request-Id when it is fit for a log line and a header, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders, epochMs: number): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{8,64}$/.test(given) ? given : uuidv7(epochMs);
}

/** The trace of W3C Trace Context, version 00; anything else is left out of the logs. */
export function traceIdOf(headers: IncomingHttpHeaders): string | undefined {
  return /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(String(headers.traceparent))?.[1];
}

/**
 * The PIN that came as field `pin` or header X-Pin, taken out of the request: what is made of the body afterwards, such
 * as an idempotency key's fingerprint, cannot tell it. (An unsalted hash of four digits would.)
 */
export function takePin(request: FastifyRequest): string | undefined {
  const fields: Readonly<Record<string, unknown>> = Object(request.body);
  const { pin = request.headers['x-pin'], ...body } = fields;
  request.body = body;
  return pin === undefined ? undefined : String(pin);
}

/** On every answer. */
export function commonHeaders({ id }: FastifyRequest): Readonly<Record<string, string>> {
  return { 'x-request-id': id, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
}
