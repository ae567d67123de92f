import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { openDatabase } from '../../src/api/db/open.ts';
import { MIGRATIONS } from '../../src/api/migrations/index.ts';
import { migrateUp } from '../../src/api/migrations/runner.ts';
import { closeWithin, runApi } from '../../src/api/run.ts';
import { buildServer } from '../../src/api/server.ts';
import { loadApiSettings } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { APP_KEY, fund, startApi } from '../fixtures/api.ts';
import { ask, type Heard } from '../fixtures/ask.ts';
import { manualClock } from '../fixtures/clock.ts';
import { PGLITE } from '../fixtures/databases.ts';

interface Place {
  readonly socketPath: string;
  readonly variables: Record<string, string>;
}

/** An empty database, and where a process of this test may listen. */
async function emptyDatabase(): Promise<Place> {
  const server = await PGLITE.start();
  onTestFinished(() => server.stop());
  const { socketPath = '' } = await server.emptyDatabase();
  const variables = { APP_KEY, DB_SOCKET: socketPath, LOG_LEVEL: 'silent' };
  return { socketPath: join(dirname(socketPath), 'api.sock'), variables };
}

async function migratedDatabase(): Promise<Place> {
  const place = await emptyDatabase();
  const database = openDatabase(loadApiSettings(place.variables).database);
  await migrateUp(database, MIGRATIONS, systemClock);
  await database.close();
  return place;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

test('the process serves on its socket and, told to stop, drains and exits with 0', async () => {
  const { socketPath, variables } = await migratedDatabase();
  // Left by a process that was killed.
  writeFileSync(socketPath, '');
  for (const [name, value] of Object.entries({ ...variables, API_SOCKET: socketPath }))
    vi.stubEnv(name, value);
  const listeners = ['SIGTERM', 'SIGINT'] as const;
  const before = listeners.map((signal) => process.listeners(signal).length);
  const running = import('../../src/api/main.ts');
  await expect
    .poll(() => ask({ socketPath }, '/health').catch(() => undefined), { timeout: 10_000 })
    .toMatchObject({
      status: 200,
    });
  const refused = await ask({ socketPath }, '/api/auth/login', { body: '{}' });
  expect(refused.status).toBe(422);
  process.emit('SIGTERM');
  process.emit('SIGINT');
  await running;
  expect(process.exitCode).toBe(0);
  expect(existsSync(socketPath)).toBe(false);
  for (const [index, signal] of listeners.entries()) {
    for (const listener of process.listeners(signal).slice(before[index])) process.off(signal, listener);
  }
});

test('a real process exits with 0 on SIGTERM', async () => {
  const { socketPath, variables } = await migratedDatabase();
  const child = spawn(process.execPath, ['src/api/main.ts'], {
    env: { ...variables, API_SOCKET: socketPath },
    stdio: 'inherit',
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  await expect
    .poll(() => ask({ socketPath }, '/health').catch(() => undefined), { timeout: 20_000 })
    .toMatchObject({
      status: 200,
    });
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('a process that is told to stop while it starts, stops', async () => {
  const { socketPath, variables } = await migratedDatabase();
  const settings = loadApiSettings({ ...variables, API_SOCKET: socketPath });
  await runApi(settings, systemClock, AbortSignal.abort());
  expect(existsSync(socketPath)).toBe(false);
});

test('without its migrations the process does not start, and names the command', async () => {
  const settings = loadApiSettings((await emptyDatabase()).variables);
  await expect(runApi(settings, systemClock, AbortSignal.abort())).rejects.toMatchObject({
    code: 'checkBlocked',
    message: `the database lacks the migrations ${MIGRATIONS.map(({ id }) => id).join(', ')}`,
    hint: 'ompay migrate up',
  });
});

test('a bad environment ends the process with 2 and one message', async () => {
  vi.stubEnv('APP_KEY', '');
  vi.stubEnv('DB_SOCKET', 'here');
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.resetModules();
  await import('../../src/api/main.ts');
  expect(process.exitCode).toBe(2);
  const text = written.mock.calls.join('');
  expect(text).toContain('ompay api: the environment is not usable: APP_KEY is missing');
  expect(text).toContain('hint: see docs/config.md');
  process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
});

test('what nobody foresaw ends the process with 6', async () => {
  const { variables } = await migratedDatabase();
  const taken = buildServerOnPort();
  const port = await taken;
  for (const [name, value] of Object.entries({ ...variables, API_PORT: String(port) }))
    vi.stubEnv(name, value);
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.resetModules();
  await import('../../src/api/main.ts');
  expect(process.exitCode).toBe(6);
  expect(written.mock.calls.join('')).toContain('EADDRINUSE');
  process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
});

async function buildServerOnPort(): Promise<number> {
  const api = await startApi();
  onTestFinished(() => api.close());
  const listenOnTcp = { ...api.settings, listen: { kind: 'tcp', host: '127.0.0.1', port: 0 } as const };
  const server = buildServer({ ...api.foundations, settings: listenOnTcp });
  await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  // On TCP nobody's X-Forwarded-For is believed: the limit counts the connection's own address.
  const statuses: number[] = [];
  for (let count = 0; count < 6; count += 1) {
    const { statusCode } = await server.inject({
      method: 'POST',
      url: '/api/auth/request-otp',
      headers: { 'x-forwarded-for': `10.0.0.${count}` },
      payload: {},
    });
    statuses.push(statusCode);
  }
  expect(statuses.at(-1)).toBe(429);
  return address.port;
}

test('a drain under load answers all that it did, and does nothing that it does not answer', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const [distributor, receiver] = [await api.distributor(), await api.customer()];
  const senders = await Promise.all(Array.from({ length: 8 }, () => api.customer()));
  for (const sender of senders) await fund(api, distributor, sender, 50_000);
  const socketPath = join(dirname(String(api.settings.database.socketPath)), 'api.sock');
  const settings = { ...api.settings, listen: { kind: 'socket', path: socketPath } as const };
  const stopping = new AbortController();
  const running = runApi(
    { ...settings, log: { ...settings.log, level: 'silent' } },
    systemClock,
    stopping.signal,
  );
  await expect.poll(() => existsSync(socketPath), { timeout: 10_000 }).toBe(true);
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
  stopping.abort();
  await Promise.all(load);
  await running;
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

test('a batch that the database refuses is told as 500 and logged, and the next one is served', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const [distributor, client] = [await api.distributor(), await api.customer()];
  const folder = dirname(String(api.settings.database.socketPath));
  const place = { socketPath: join(folder, 'api.sock') };
  const listen = { kind: 'socket', path: place.socketPath } as const;
  const log = { channel: 'daily', folder: join(folder, 'logs'), level: 'info' } as const;
  const stopping = new AbortController();
  const running = runApi({ ...api.settings, listen, log }, systemClock, stopping.signal);
  await expect.poll(() => existsSync(place.socketPath), { timeout: 10_000 }).toBe(true);
  const body = JSON.stringify({ amount: 100, telephone_client: client.phone });
  const deposit = () => ask(place, '/api/ompay/deposit', { token: distributor.token, body });
  await sql`alter table entries rename to entries_away`.execute(api.database.kysely);
  expect((await deposit()).status).toBe(500);
  await sql`alter table entries_away rename to entries`.execute(api.database.kysely);
  expect((await deposit()).status).toBe(200);
  stopping.abort();
  await running;
  const [name = ''] = readdirSync(log.folder);
  const lines = readFileSync(join(log.folder, name), 'utf8');
  for (const said of ['serving', 'a batch of the ledger failed', '"entries\\" does not exist', 'stopped']) {
    expect(lines).toContain(said);
  }
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
  return { server, answer };
}

test('what is in flight when the drain begins is answered, and its connection closed', async () => {
  const held = Promise.withResolvers<void>();
  const { server, answer } = await serverWithOneInFlight(held.promise);
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
