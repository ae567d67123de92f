import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { createServer } from '../../core/node-http.ts';
import type { SwitchRequest } from '../../core/slots/switch.ts';
import { isServiceName, isServiceSpec } from './spec.ts';
import type { Supervisor } from './supervisor.ts';

const MAX_BODY_BYTES = 256 * 1024;

const STATUS_BY_CODE: Readonly<Record<string, number>> = { lockLost: 409, stateUnusable: 409, usage: 400 };

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * HTTP and JSON on a unix socket: GET /status, PUT and DELETE /services/NAME, POST /switch, POST /shutdown.
 * Changes of a slot carry `?fencingToken=N`. 400 for what it does not understand, 409 for what is fenced off or not
 * possible in this state, 500 for the rest.
 */
export function controlServer(supervisor: Supervisor, exit: () => void): Server {
  return createServer((request, response) => {
    answer(supervisor, request)
      .catch((error: unknown): Reply => failureReply(error))
      .then(({ status, body }) => {
        send(response, status, body);
        if (request.url !== '/shutdown' || status !== 200) return;
        // A client that went away in the meantime still meant it.
        if (response.closed) exit();
        else response.once('close', exit);
      })
      .catch(() => response.destroy());
  });
}

async function answer(supervisor: Supervisor, request: IncomingMessage): Promise<Reply> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://supervisor');
  const service = pathname.match(/^\/services\/([a-z]+)$/)?.[1];
  const route = service === undefined ? `${request.method} ${pathname}` : `${request.method} service`;
  switch (route) {
    case 'GET /status':
      return ok({ pid: process.pid, services: supervisor.status() });
    case 'PUT service':
      return put(supervisor, await readJson(request), fencingToken(searchParams));
    case 'DELETE service':
      if (service !== undefined && isServiceName(service))
        await supervisor.remove(service, fencingToken(searchParams));
      return ok({});
    case 'POST /switch':
      return ok(supervisor.switchTo(switchRequest(await readJson(request))));
    case 'POST /shutdown':
      await supervisor.shutdown();
      return ok({});
    default:
      return { status: 404, body: { error: { code: 'usage', message: `no ${route} here`, hint: '' } } };
  }
}

async function put(supervisor: Supervisor, value: unknown, token: number | undefined): Promise<Reply> {
  if (!isServiceSpec(value))
    throw new OmpayError('usage', 'the body is not a service', { hint: 'see ServiceSpec' });
  await supervisor.put(value, token);
  return ok({});
}

/** Undefined when there is none; what is no number is refused as any other token that is not the lock's. */
function fencingToken(parameters: URLSearchParams): number | undefined {
  const text = parameters.get('fencingToken');
  return text === null ? undefined : Number(text);
}

function switchRequest(value: unknown): SwitchRequest {
  if (typeof value === 'object' && value !== null && 'slot' in value && 'fencingToken' in value) {
    const { slot, fencingToken } = value;
    if ((slot === 'blue' || slot === 'green' || slot === null) && typeof fencingToken === 'number')
      return { slot, fencingToken };
  }
  throw new OmpayError('usage', 'the body is not a switch', { hint: 'see SwitchRequest' });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES)
      throw new OmpayError('usage', 'the body is too large', { hint: 'see ServiceSpec' });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OmpayError('usage', 'the body is not JSON', { hint: 'see ServiceSpec', cause: error });
  }
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}

function failureReply(error: unknown): Reply {
  const known = error instanceof OmpayError;
  const status = known ? (STATUS_BY_CODE[error.code] ?? 500) : 500;
  const hint = known ? error.hint : 'read what the supervisor wrote: ompay logs supervisor';
  return {
    status,
    body: { error: { code: known ? error.code : 'internal', message: messageOf(error), hint } },
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  });
  response.end(text);
}
