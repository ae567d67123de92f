import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * What the front answers when the API cannot, in the API's own form and languages. Numbers and codes that the API
 * has too mean the same here; 51xx are the front's own.
 */
const REFUSALS = {
  unreadable: {
    status: 400,
    number: 5101,
    code: 'demande_illisible',
    fr: 'La demande est illisible.',
    en: 'The request is not readable.',
  },
  bodyTooLarge: {
    status: 413,
    number: 3003,
    code: 'corps_trop_grand',
    fr: 'Le corps de la demande est trop grand.',
    en: 'The body of the request is too large.',
  },
  interrupted: {
    status: 502,
    number: 5102,
    code: 'service_interrompu',
    fr: "Le service a été interrompu pendant votre demande. Répétez-la avec la même clé d'idempotence.",
    en: 'The service was interrupted during your request. Repeat it with the same idempotency key.',
  },
  unavailable: {
    status: 503,
    number: 5002,
    code: 'service_indisponible',
    fr: 'Service momentanément indisponible. Réessayez dans un instant.',
    en: 'Service unavailable for a moment. Try again in a moment.',
  },
  overloaded: {
    status: 503,
    number: 5003,
    code: 'service_surcharge',
    fr: 'Service surchargé. Réessayez dans un instant.',
    en: 'Service overloaded. Try again in a moment.',
  },
  silent: {
    status: 504,
    number: 5104,
    code: 'service_sans_reponse',
    fr: "Le service n'a pas répondu à temps. Répétez la demande avec la même clé d'idempotence.",
    en: 'The service did not answer in time. Repeat the request with the same idempotency key.',
  },
} as const;

export type RefusalName = keyof typeof REFUSALS;

/** Answers and closes: what is left of the request was not read, so the connection cannot carry another one. */
export function refuse(request: IncomingMessage, response: ServerResponse, name: RefusalName): number {
  const refusal = REFUSALS[name];
  const requestId = requestIdOf(request);
  const problems = request.headers.accept?.includes('application/problem+json') === true;
  const body = JSON.stringify(
    problems ? problemOf(refusal, request, requestId) : plain(refusal, request, requestId),
  );
  response.writeHead(refusal.status, {
    'content-type': `application/${problems ? 'problem+json' : 'json'}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    ...(refusal.status === 503 ? { 'retry-after': '1' } : {}),
    connection: 'close',
  });
  response.end(body);
  return refusal.status;
}

type Refusal = (typeof REFUSALS)[RefusalName];

function plain(refusal: Refusal, request: IncomingMessage, requestId: string): object {
  const { number, code } = refusal;
  return {
    success: false,
    message: messageFor(refusal, request),
    error_code: number,
    code,
    request_id: requestId,
  };
}

/** RFC 9457. */
function problemOf(refusal: Refusal, request: IncomingMessage, requestId: string): object {
  const { status, number, code } = refusal;
  return {
    type: `urn:ompay:erreur:${code}`,
    title: code.replaceAll('_', ' '),
    status,
    detail: messageFor(refusal, request),
    error_code: number,
    code,
    request_id: requestId,
  };
}

function messageFor(refusal: Refusal, request: IncomingMessage): string {
  return /^\s*en\b/i.test(request.headers['accept-language'] ?? '') ? refusal.en : refusal.fr;
}

function requestIdOf(request: IncomingMessage): string {
  const inbound = request.headers['x-request-id'];
  return typeof inbound === 'string' && /^[\w.-]{1,64}$/.test(inbound) ? inbound : randomUUID();
}
