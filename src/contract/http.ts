import { messageOf, OmpayError } from '../core/errors.ts';
import { type JsonReader, readJson } from '../core/json.ts';
import { request as httpRequest } from '../core/node-http.ts';

const REQUEST_TIMEOUT_MS = 10_000;

export interface Call {
  readonly token?: string;
  readonly body?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The Idempotency-Key. */
  readonly key?: string;
  /** As a machine on the host asks, not through the front. */
  readonly isDirect?: true;
}

export interface Answer {
  /** `POST /api/… of this release`, for messages. */
  readonly what: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One release's process. */
export interface Server {
  readonly name: string;
  ask(method: 'GET' | 'POST', path: string, call?: Call): Promise<Answer>;
}

/** @param address what the front would say of the client: requests are limited by it. */
export function serverAt(socketPath: string, name: string, address: string): Server {
  return {
    name,
    ask: async (method, path, call = {}) => {
      const body = call.body === undefined ? undefined : JSON.stringify(call.body);
      const headers = {
        ...(call.isDirect === undefined ? { 'x-forwarded-for': address } : {}),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...(call.key === undefined ? {} : { 'idempotency-key': call.key }),
        ...call.headers,
      };
      const what = `${method} ${path} of ${name}`;
      try {
        const answer = await exchange({ socketPath, method, path, headers, agent: false }, body);
        return { what, ...answer };
      } catch (error) {
        throw broken(what, 'an answer', messageOf(error));
      }
    },
  };
}

function exchange(
  options: Parameters<typeof httpRequest>[1] & object,
  body: string | undefined,
): Promise<Omit<Answer, 'what'>> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const outgoing = httpRequest({ host: 'localhost', signal, ...options }, (incoming) => {
      const chunks: string[] = [];
      incoming.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: chunks.join('') }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** `data` of an answer's envelope. */
export function dataOf(answer: Answer): JsonReader {
  return jsonOf(answer).object('data');
}

export function jsonOf({ what, body }: Answer): JsonReader {
  return readJson(Buffer.from(body), { what, code: 'checkBlocked', hint: HINT });
}

const HINT = 'a release does not keep what it promises: ompay logs, and docs/migrations.md';

/** A promise that was not kept. Never shows a body: it may hold tokens. */
export function broken(what: string, expected: string, seen: string): OmpayError {
  return new OmpayError('checkBlocked', `${what}: expected ${expected}, seen ${seen}`, { hint: HINT });
}
