import { describe, expect, test } from 'vitest';
import { bodyOf, openStage } from './stage.ts';

describe('smuggling', () => {
  const inner = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  const chunked = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
  const attempts: readonly (readonly [string, string])[] = [
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    ],
    [
      'two lengths',
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    ],
    [
      'chunks in a GET',
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    ],
    [
      'chunks in a DELETE',
      `DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    ],
    [
      'chunks in a POST',
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    ],
    [
      'a length that Connection names',
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close, content-length\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    ],
    ['a spaced header name', `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n${chunked}`],
    ['an unknown coding', `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n${chunked}`],
    ['a bare line feed', `POST / HTTP/1.1\nHost: x\nContent-Length: 0\n\n${inner}`],
    ['an upgrade to h2c', `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`],
  ];
  test.each(attempts)('%s never makes a second request', async (_name, bytes) => {
    await using stage = await openStage();
    const seen: string[] = [];
    await stage.slot('blue', async (incoming, response) => {
      seen.push(String(incoming.url));
      await bodyOf(incoming);
      response.end('ok');
    });
    stage.pointTo('blue');
    const received = await stage.askRaw(bytes);
    expect(received).toMatch(/^HTTP\/1\.1 (200|400|408)/);
    await stage.ask({ path: '/after' });
    expect(seen.filter((url) => url === '/smuggled')).toEqual([]);
  });

  test('bytes that no header may hold end the connection, not the front', async () => {
    await using stage = await openStage();
    await stage.slot('blue', (_incoming, response) => response.end('ok'));
    stage.pointTo('blue');
    for (const line of [
      'GET /\xff\xfe\x01 HTTP/1.1\r\nHost: x',
      'GET / HTTP/1.1\r\nHost: x\r\nX: \x7f\x00',
      'CONNECT a:1 HTTP/1.1\r\nHost: x',
    ]) {
      await stage.askRaw(`${line}\r\nConnection: close\r\n\r\n`);
    }
    expect((await stage.ask({})).body).toBe('ok');
  });
});
