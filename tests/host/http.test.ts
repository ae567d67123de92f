import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { HttpRequest } from '../../src/host/host.ts';
import { requestHere, shownTarget } from '../../src/host/http.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

async function serve(listener: RequestListener, path?: string): Promise<Server> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function get(target: HttpRequest['target'], timeoutMs = 5000): HttpRequest {
  return { method: 'GET', target, path: '/health', timeoutMs };
}

test('one exchange over a unix socket, on a connection of its own', async () => {
  const socketPath = join(temporaryFolder(), 'api.sock');
  const server = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.setHeader('x-seen', `${request.method} ${request.url} ${request.headers['x-mine']}`);
    response.end(`${body}é`);
  }, socketPath);
  const answer = await requestHere({
    ...get({ socketPath }),
    method: 'POST',
    body: '{"a":"é"}',
    headers: { 'x-mine': '1' },
  });
  expect(answer).toMatchObject({ statusCode: 200, body: '{"a":"é"}é' });
  expect(answer.headers).toMatchObject({ 'x-seen': 'POST /health 1', connection: 'close' });
  await expect
    .poll(() => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))))
    .toBe(0);
});

test('over a loopback port, a status that is an error is an answer', async () => {
  const server = await serve((_request, response) => response.writeHead(503).end('draining'));
  expect(await requestHere(get({ port: portOf(server) }))).toMatchObject({
    statusCode: 503,
    body: 'draining',
  });
});

test('nobody there: hostUnreachable with the code of the system', async () => {
  const socketPath = join(temporaryFolder(), 'none.sock');
  const error = await ompayErrorOf(() => requestHere(get({ socketPath })));
  expect(error).toMatchObject({
    code: 'hostUnreachable',
    message: `GET /health on ${socketPath} failed: ENOENT`,
  });
});

test.each([
  ['no answer at all', () => {}],
  ['an answer that stops in its middle', (response: { write(text: string): void }) => response.write('half')],
])('%s ends with the time limit, also when it is no whole number', async (_title, answer) => {
  const server = await serve((_request, response) => answer(response));
  const error = await ompayErrorOf(() => requestHere(get({ port: portOf(server) }, 120.5)));
  expect(error).toMatchObject({ code: 'timeout' });
  expect(error.message).toContain('gave no answer within 120.5 ms');
});

test('a connection that is cut in the middle of the answer is hostUnreachable', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.destroy());
  });
  await expect(requestHere(get({ port: portOf(server) }))).rejects.toMatchObject({ code: 'hostUnreachable' });
});

test('an answer without end is refused', async () => {
  const server = await serve((_request, response) => {
    const chunk = Buffer.alloc(1024 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    more();
  });
  const error = await ompayErrorOf(() => requestHere(get({ port: portOf(server) })));
  expect(error.message).toContain('the answer is larger than 4194304 bytes');
});

test('an interruption gives its reason', async () => {
  const server = await serve(() => {});
  const controller = new AbortController();
  const reason = new Error('stop');
  const run = requestHere({ ...get({ port: portOf(server) }), signal: controller.signal });
  await once(server, 'request');
  controller.abort(reason);
  await expect(run).rejects.toBe(reason);
});

test('a target is shown as a person would type it', () => {
  expect(shownTarget({ port: 8080 })).toBe('127.0.0.1:8080');
  expect(shownTarget({ socketPath: '/run/x.sock' })).toBe('/run/x.sock');
});
