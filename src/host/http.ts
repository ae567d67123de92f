import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf, OmpayError, systemCodeOf } from '../core/errors.ts';
import { request as httpRequest } from '../core/node-http.ts';
import type { HttpAnswer, HttpRequest, HttpTarget } from './host.ts';

/** Answers of our own services are small; more than this is a fault, not data. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** One HTTP exchange from this machine. Throws `hostUnreachable` (refused, reset) or `timeout` (whole exchange). */
export function requestHere(request: HttpRequest): Promise<HttpAnswer> {
  const place = 'port' in request.target ? { host: '127.0.0.1', port: request.target.port } : request.target;
  return exchange(request, { ...place, agent: false });
}

/** The same over a stream that leads to the target from elsewhere; the stream is closed afterwards. */
export async function requestThrough(request: HttpRequest, stream: Duplex): Promise<HttpAnswer> {
  try {
    // An agent, also none, would make a connection of its own.
    return await exchange(request, { createConnection: () => stream });
  } finally {
    stream.destroy();
  }
}

function exchange(request: HttpRequest, connection: RequestOptions): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(request.timeoutMs)));
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        ...connection,
        method: request.method,
        path: request.path,
        headers: { connection: 'close', ...headersOf(request) },
        signal,
      },
      (answer) => {
        readAnswer(answer).then(resolve, fail);
      },
    );
    function fail(error: unknown): void {
      reject(
        request.signal?.aborted === true ? request.signal.reason : failure(request, timeout.aborted, error),
      );
    }
    outgoing.on('error', fail);
    outgoing.end(request.body);
  });
}

function headersOf(request: HttpRequest): Record<string, string> {
  const length =
    request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
  return { host: 'localhost', ...length, ...request.headers };
}

async function readAnswer(answer: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(bytes);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) headers[name] = String(value);
  return { statusCode: answer.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') };
}

function failure(request: HttpRequest, timedOut: boolean, cause: unknown): OmpayError {
  const where = `${request.method} ${request.path} on ${shownTarget(request.target)}`;
  if (timedOut) {
    return new OmpayError('timeout', `${where} gave no answer within ${request.timeoutMs} ms`, {
      hint: 'see what the service says: ompay logs',
      cause,
    });
  }
  return new OmpayError('hostUnreachable', `${where} failed: ${systemCodeOf(cause) ?? messageOf(cause)}`, {
    hint: 'see whether the service runs: ompay status',
    cause,
  });
}

export function shownTarget(target: HttpTarget): string {
  return 'port' in target ? `127.0.0.1:${target.port}` : target.socketPath;
}
