import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { writtenHostProbes, writtenSlotTraffic } from '../core/carrier/traffic.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { type JsonReader, readJson } from '../core/json.ts';
import type { Slot } from '../core/layout.ts';
import { createServer } from '../core/node-http.ts';
import type { Carrier } from './carrier.ts';

const MAX_BODY_BYTES = 64 * 1024;
const ORIGIN = { what: 'the request', code: 'usage', hint: 'see src/agent/server.ts' } as const;

type Answer = Readonly<Record<string, unknown>>;
type Command = (carrier: Carrier, request: JsonReader) => Promise<Answer>;

/** POST /NAME with a JSON object, on a unix socket that the operator alone can open. Any of them renews the lease. */
const COMMANDS: Readonly<Record<string, Command>> = {
  begin: async (carrier, request) => {
    const operator = { owner: request.text('owner'), reason: request.text('reason') };
    const begun = await carrier.begin(operator);
    // An operator of before asks for no facts by themselves.
    return request.has('facts') ? { ...begun } : { ...begun, facts: await carrier.facts() };
  },
  renew: async () => ({}),
  facts: async (carrier) => ({ ...(await carrier.facts()) }),
  start: async (carrier, request) => {
    await carrier.start(slotIn(request), request.text('release'));
    return {};
  },
  stop: async (carrier, request) => {
    await carrier.stop(slotIn(request));
    return {};
  },
  arm: async (carrier, request) => {
    await carrier.arm(slotIn(request), request.text('release'));
    return {};
  },
  switch: async (carrier) => carrier.switch(),
  keep: async (carrier) => {
    await carrier.keep();
    return {};
  },
  revert: async (carrier) => {
    await carrier.revert();
    return {};
  },
  drain: async (carrier, request) => ({ ...(await carrier.drain(slotIn(request))) }),
  traffic: async (carrier) => {
    const { blue, green, restarts } = await carrier.traffic();
    const written = (traffic: typeof blue): Answer | null =>
      traffic === null ? null : writtenSlotTraffic(traffic);
    return { blue: written(blue), green: written(green), restarts };
  },
  probe: async (carrier, request) => writtenHostProbes(await carrier.probe(request.whole('count'))),
  request: async (carrier, request) => {
    const method = request.text('method') === 'GET' ? 'GET' : 'POST';
    const body = request.has('body') ? { body: request.text('body') } : {};
    const asked = { method, path: request.text('path'), headers: request.texts('headers'), ...body } as const;
    return { ...(await carrier.request(slotIn(request), asked)) };
  },
  end: async (carrier) => {
    await carrier.end();
    return {};
  },
};

export function carrierServer(carrier: Carrier): Server {
  return createServer((request, response) => {
    answer(carrier, request).then(
      (body) => send(response, 200, body),
      (error: unknown) => send(response, 409, failure(error)),
    );
  });
}

async function answer(carrier: Carrier, request: IncomingMessage): Promise<Answer> {
  const command = COMMANDS[request.url?.slice(1) ?? ''];
  if (command === undefined)
    throw new OmpayError('usage', `there is no ${request.url}`, { hint: ORIGIN.hint });
  carrier.renew();
  return command(carrier, readJson(await bodyOf(request), ORIGIN));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_BODY_BYTES) throw new OmpayError('usage', 'the request is too large', ORIGIN);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function slotIn(request: JsonReader): Slot {
  const slot = request.text('slot');
  if (slot === 'blue' || slot === 'green') return slot;
  throw new OmpayError('usage', `${JSON.stringify(slot)} is no slot`, ORIGIN);
}

function failure(error: unknown): Answer {
  if (error instanceof OmpayError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'internal', message: messageOf(error), hint: 'journalctl --unit="ompay-carrier-*"' };
}

function send(response: ServerResponse, status: number, body: Answer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  });
  response.end(text);
}
