import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { bodyOf, openStage, type Stage } from './stage.ts';

function countsOf(stage: Stage, target: string) {
  return stage.front.counter.counts().targets[target];
}

/** The head of an answer, its body not yet read. */
async function answerFrom(port: number): Promise<IncomingMessage> {
  const outgoing = request({ port, agent: false }).end();
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
}

describe('passing exchanges through', () => {
  test('request, answer, status and headers arrive as they were sent', async () => {
    await using stage = await openStage();
    await stage.slot('blue', async (incoming, response) => {
      response.writeHead(201, {
        'X-Request-Id': String(incoming.headers['x-request-id']),
        Link: ['<a>', '<b>'],
      });
      response.end(`${incoming.method} ${incoming.url} ${await bodyOf(incoming)}`);
    });
    stage.pointTo('blue');
    const answer = await stage.ask({
      path: '/api/x?y=1',
      method: 'POST',
      headers: { 'X-Request-Id': 'abc' },
      body: '{"amount":100}',
    });
    expect(answer).toMatchObject({ status: 201, body: 'POST /api/x?y=1 {"amount":100}' });
    expect(answer.headers).toMatchObject({ 'x-request-id': 'abc', link: '<a>, <b>' });
  });

  test('what a client claims of its address is replaced, and hop-by-hop headers stay behind', async () => {
    await using stage = await openStage();
    await stage.slot('blue', (incoming, response) => response.end(JSON.stringify(incoming.headers)));
    stage.pointTo('blue');
    const answer = await stage.ask({
      headers: {
        Host: 'ompay.sn',
        'X-Forwarded-For': '6.6.6.6',
        Forwarded: 'for=6.6.6.6',
        'X-Real-IP': '6.6.6.6',
        Connection: 'x-private',
        'X-Private': 'mine',
        TE: 'trailers',
      },
    });
    const seen: unknown = JSON.parse(answer.body);
    expect(seen).toEqual({
      host: 'ompay.sn',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'ompay.sn',
      'x-forwarded-proto': 'http',
    });
  });

  test('a slow answer is passed on as it comes', async () => {
    await using stage = await openStage();
    const step = Promise.withResolvers<void>();
    await stage.slot('blue', async (_incoming, response) => {
      response.write('first');
      await step.promise;
      response.end('second');
    });
    stage.pointTo('blue');
    const answer = await answerFrom(stage.port);
    const [first] = await once(answer, 'data');
    expect(String(first)).toBe('first');
    step.resolve();
    expect(await bodyOf(answer)).toBe('second');
  });

  test('a large answer waits for a slow reader instead of filling memory', async () => {
    await using stage = await openStage();
    let written = 0;
    await stage.slot('blue', (_incoming, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        for (let room = true; room && written < 400; written += 1) room = response.write(chunk);
        if (written < 400) response.once('drain', more);
        else response.end();
      };
      more();
    });
    stage.pointTo('blue');
    const answer = await answerFrom(stage.port);
    let before = -1;
    while (before !== written) {
      before = written;
      await delay(200);
    }
    expect(written).toBeLessThan(200);
    let sizeBytes = 0;
    for await (const chunk of answer) sizeBytes += Buffer.from(chunk).length;
    expect(sizeBytes).toBeGreaterThanOrEqual(400 * 64 * 1024);
  });
});

describe('exchanges that break', () => {
  test('a client that goes away aborts the request in the slot', async () => {
    await using stage = await openStage();
    const aborted = Promise.withResolvers<void>();
    await stage.slot('blue', (incoming) => {
      incoming.socket.once('close', aborted.resolve);
    });
    stage.pointTo('blue');
    const outgoing = request({ port: stage.port, agent: false }).end();
    outgoing.on('error', () => undefined);
    while (stage.front.server.connections === 0) await delay(5);
    await delay(50);
    outgoing.destroy();
    await aborted.promise;
    await delay(20);
    expect(countsOf(stage, 'blue.sock')).toMatchObject({ clientAborts: 1, upstreamErrors: 0 });
  });

  test('a slot that breaks off its answer is not mistaken for a short answer', async () => {
    await using stage = await openStage();
    await stage.slot('blue', (_incoming, response) => {
      response.write('half');
      setImmediate(() => response.destroy());
    });
    stage.pointTo('blue');
    await expect(stage.ask({})).rejects.toMatchObject({ code: 'ECONNRESET' });
    await delay(20);
    expect(countsOf(stage, 'blue.sock')).toMatchObject({ upstreamErrors: 1, clientAborts: 0 });
  });

  test('a POST that reached a dying slot is not sent a second time', async () => {
    await using stage = await openStage();
    let seen = 0;
    await stage.slot('blue', (incoming) => {
      seen += 1;
      incoming.socket.destroy();
    });
    stage.pointTo('blue');
    const answer = await stage.ask({ method: 'POST', body: '{}', headers: { 'Accept-Language': 'en' } });
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body)).toMatchObject({ success: false, code: 'service_interrompu' });
    expect(seen).toBe(1);
  });

  test('a slot that refuses a large body early is heard', async () => {
    await using stage = await openStage();
    await stage.slot('blue', (_incoming, response) => {
      response.writeHead(413, { Connection: 'close' });
      response.end('too large');
    });
    stage.pointTo('blue');
    await expect(stage.ask({ method: 'POST', body: 'x'.repeat(100_000) })).resolves.toMatchObject({
      status: 413,
      body: 'too large',
    });
  });

  test('a body past 128 KiB is refused, with a length or without', async () => {
    await using stage = await openStage();
    await stage.slot('blue', async (incoming, response) =>
      response.end(await bodyOf(incoming).catch(() => '')),
    );
    stage.pointTo('blue');
    const body = 'x'.repeat(128 * 1024 + 1);
    const length = { 'Content-Length': String(body.length) };
    for (const headers of [length, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await stage.ask({ method: 'POST', body, headers }).catch((error: unknown) => error);
      // A client still sending may meet the closed connection before it reads the answer.
      expect(answer).toSatisfy(isRefusal);
    }
  });

  test('with nothing live, a request waits 3 s and is told so in French, or in English', async () => {
    await using stage = await openStage();
    const startedAtMs = performance.now();
    const [french, english] = await Promise.all([
      stage.ask({ headers: { 'X-Request-Id': 'r-1' } }),
      stage.ask({ headers: { 'Accept-Language': 'en-GB', Accept: 'application/problem+json' } }),
    ]);
    expect(performance.now() - startedAtMs).toBeGreaterThan(2900);
    expect(french.status).toBe(503);
    expect(french.headers['retry-after']).toBe('1');
    expect(JSON.parse(french.body)).toEqual({
      success: false,
      message: 'Service momentanément indisponible. Réessayez dans un instant.',
      error_code: 5002,
      code: 'service_indisponible',
      request_id: 'r-1',
    });
    expect(english.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(english.body)).toMatchObject({ status: 503, code: 'service_indisponible' });
  });

  test('a request that comes while the slot restarts is answered late, not lost', async () => {
    await using stage = await openStage();
    stage.pointTo('blue');
    const pending = stage.ask({ method: 'POST', body: '{"amount":100}' });
    await delay(300);
    await stage.slot('blue', async (incoming, response) => response.end(await bodyOf(incoming)));
    expect((await pending).body).toBe('{"amount":100}');
    expect(countsOf(stage, 'blue.sock')).toMatchObject({ connectWaits: 1, upstreamErrors: 0 });
  });
});

function isRefusal(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  if ('status' in answer) return answer.status === 413;
  return 'code' in answer && (answer.code === 'EPIPE' || answer.code === 'ECONNRESET');
}

/** Speaks to a server that is no HTTP: what the front does when the slot is not one. */
test('a slot that does not speak HTTP gives a 502, not a hang', async () => {
  await using stage = await openStage();
  await stage.serve(
    'blue',
    createServer((socket) => socket.end('not http\r\n\r\n')),
  );
  stage.pointTo('blue');
  expect((await stage.ask({})).status).toBe(502);
});
