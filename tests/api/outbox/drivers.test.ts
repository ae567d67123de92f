import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createDriver } from '../../../src/api/outbox/drivers.ts';
import { Secret } from '../../../src/core/secret.ts';

const message = { id: 'm-1', channel: 'sms', recipient: '+221771234567', body: 'Bonjour' } as const;

test('a gateway is posted the message, with its id as the key against doubles', async () => {
  const gateway = await startGateway(202);
  await createDriver({ driver: 'http', gatewayUrl: gateway.url, token: new Secret('jeton') })(message);
  expect(gateway.requests).toEqual([
    {
      method: 'POST',
      authorization: 'Bearer jeton',
      key: 'm-1',
      body: { id: 'm-1', channel: 'sms', to: '+221771234567', text: 'Bonjour' },
    },
  ]);
});

test.each([500, 302])('a gateway that answers %i did not take the message', async (status) => {
  const gateway = await startGateway(status);
  const deliver = createDriver({ driver: 'http', gatewayUrl: gateway.url, token: new Secret('jeton') });
  await expect(deliver(message)).rejects.toThrow();
});

test('locally a message stays in the outbox', async () => {
  await expect(createDriver({ driver: 'local' })(message)).resolves.toBeUndefined();
});

async function startGateway(status: number): Promise<{ readonly url: string; readonly requests: unknown[] }> {
  const requests: unknown[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      const { authorization, 'idempotency-key': key } = request.headers;
      requests.push({ method: request.method, authorization, key, body: JSON.parse(body) });
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${portOf(server.address())}/send`, requests };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
