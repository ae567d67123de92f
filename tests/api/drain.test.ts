import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent } from 'node:http';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { closeWithin, type Drained, drain } from '../../src/api/drain.ts';
import { runApi } from '../../src/api/run.ts';
import { buildServer } from '../../src/api/server.ts';
import { systemClock } from '../../src/core/clock.ts';
import { fund, startApi, type TestApi } from '../fixtures/api.ts';
import { ask, type Heard } from '../fixtures/ask.ts';
import { manualClock } from '../fixtures/clock.ts';

test('a drain under load answers all that it did, and does nothing that it does not answer', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const [distributor, receiver] = [await api.distributor(), await api.customer()];
  const senders = await Promise.all(Array.from({ length: 8 }, () => api.customer()));
  for (const sender of senders) await fund(api, distributor, sender, 50_000);
  const { socketPath, stop, ended } = await startProcessOf(api, 'api');
  const heard: Heard[] = [];
  const load = senders.map(async ({ token }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = JSON.stringify({ recipient_telephone: receiver.phone, amount: 100 });
    // Fewer than a user's sixty a minute; ends at the first that is refused, as the process then is gone.
    for (let count = 0; count < 55; count += 1) {
      const answer = await ask({ socketPath }, '/api/ompay/transfer', { agent, token, body }).catch(
        () => undefined,
      );
      if (answer === undefined) break;
      heard.push(answer);
    }
    agent.destroy();
  });
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThan(60);
  stop();
  await Promise.all(load);
  await ended;
  expect(heard.filter(({ status }) => status !== 200)).toEqual([]);
  const answered = new Set(heard.map(({ body }) => String(JSON.parse(body).data.reference)));
  const moved = await api.database.kysely
    .selectFrom('transfers')
    .select('reference')
    .where('type', '=', 'transfert')
    .execute();
  expect(new Set(moved.map(({ reference }) => reference))).toEqual(answered);
  expect(moved.length).toBe(heard.length);
  expect(heard.length).toBeLessThan(8 * 55);
});

/** A server on TCP whose /health waits for `release`, with one such request under way. */
async function serverWithOneInFlight(release: Promise<void>) {
  const api = await startApi();
  onTestFinished(() => api.close());
  const slow = { ...api.database, ping: () => release };
  const server = buildServer({ ...api.foundations, database: slow });
  await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  const arrived = once(server.server, 'request');
  const answer = ask({ port: address.port }, '/health');
  await arrived;
  return { api, server, answer };
}

test('what is in flight when the drain begins is answered, and its connection closed', async () => {
  const held = Promise.withResolvers<void>();
  const { api, server, answer } = await serverWithOneInFlight(held.promise);
  api.foundations.readiness.beginDraining();
  const closed = closeWithin(server, systemClock, 10_000);
  await expect.poll(() => server.server.listening).toBe(false);
  held.resolve();
  expect(await answer).toMatchObject({ status: 200, connection: 'close' });
  await closed;
});

test('a drain that takes too long cuts the connections that are left', async () => {
  const held = Promise.withResolvers<void>();
  const { server, answer } = await serverWithOneInFlight(held.promise);
  const cut = answer.catch((error: unknown) => String(error));
  await closeWithin(server, manualClock(), 10_000);
  expect(await cut).toContain('socket hang up');
  held.resolve();
});

/** A process of the API in this one, on a socket beside its database's. */
async function startProcessOf(api: TestApi, name: string, drainTimes = api.settings.drain) {
  const socketPath = join(dirname(String(api.settings.database.socketPath)), `${name}.sock`);
  const listen = { kind: 'socket', path: socketPath } as const;
  const log = { ...api.settings.log, level: 'silent' } as const;
  const stopping = new AbortController();
  const ended = runApi({ ...api.settings, listen, log, drain: drainTimes }, systemClock, stopping.signal);
  await expect.poll(() => existsSync(socketPath), { timeout: 10_000 }).toBe(true);
  return { socketPath, stop: () => stopping.abort(), ended };
}

test('an announced drain is seen by nobody: clients with kept connections move on before it stops listening', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const going = await startProcessOf(api, 'going', { announceMs: 1_000, limitMs: 5_000 });
  const staying = await startProcessOf(api, 'staying');
  const person = await api.customer();
  let leaving = false;
  const heard: Heard[] = [];
  const failures: unknown[] = [];
  const clients = Array.from({ length: 6 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let { socketPath } = going;
    for (let count = 0; count < 2_000 && !(leaving && socketPath === staying.socketPath); count += 1) {
      const answer = await ask({ socketPath }, '/api/auth/me', { agent, token: person.token }).catch(
        (error: unknown) => failures.push(error),
      );
      if (typeof answer === 'number') break;
      heard.push(answer);
      if (answer.connection === 'close') socketPath = staying.socketPath;
    }
    agent.destroy();
  });
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThan(30);
  leaving = true;
  going.stop();
  const ready = await ask(going, '/ready');
  expect([ready.status, JSON.parse(ready.body).obstacles]).toEqual([503, ['draining']]);
  await Promise.all(clients);
  expect(failures).toEqual([]);
  // A user's limit of reads, which is no failure of the drain.
  expect(heard.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
  await going.ended;
  await expect(ask(going, '/ready')).rejects.toThrow();
  staying.stop();
  await staying.ended;
});

test('what does not end after the last answer is not waited for without end', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const parts: Drained = {
    ...api.foundations,
    clock: manualClock(),
    server: buildServer(api.foundations),
    background: [{ stop: () => new Promise<void>(() => {}) }],
  };
  await expect(drain(parts)).rejects.toMatchObject({
    code: 'timeout',
    message: 'something did not end within 1500 ms after the last answer',
  });
  expect(await api.foundations.metrics.registry.metrics()).toContain('ompay_draining 1');
});
