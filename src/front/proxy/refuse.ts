import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const TEXTS = {
  502: {
    fr: 'Le service a été interrompu pendant votre demande. Vérifiez votre historique avant de recommencer.',
    en: 'The service was interrupted during your request. Check your history before you try again.',
  },
  503: {
    fr: 'Le service est momentanément indisponible. Veuillez réessayer dans quelques instants.',
    en: 'The service is unavailable for a moment. Please try again shortly.',
  },
  504: {
    fr: "Le service n'a pas répondu à temps. Vérifiez votre historique avant de recommencer.",
    en: 'The service did not answer in time. Check your history before you try again.',
  },
} as const;

/** Answers in the API's own error format when the API cannot. French, English on request. */
export function refuse(request: IncomingMessage, response: ServerResponse, status: keyof typeof TEXTS): void {
  const language = /^\s*en\b/i.test(request.headers['accept-language'] ?? '') ? 'en' : 'fr';
  const inbound = request.headers['x-request-id'];
  const requestId = typeof inbound === 'string' && /^[\w.-]{1,64}$/.test(inbound) ? inbound : randomUUID();
  const body = JSON.stringify({
    success: false,
    message: TEXTS[status][language],
    error_code: 'SERVICE_UNAVAILABLE',
    code: status,
    request_id: requestId,
  });
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    ...(status === 503 ? { 'retry-after': '1' } : {}),
    // What is left of the request was not read, so the connection cannot carry another one.
    connection: 'close',
  });
  response.end(body);
}
