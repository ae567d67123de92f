import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { MIGRATIONS } from '../../src/api/migrations/index.ts';
import { runApi } from '../../src/api/run.ts';
import { loadApiSettings } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startApi } from '../fixtures/api.ts';
import { ask } from '../fixtures/ask.ts';
import { emptyDatabase, migratedDatabase } from '../fixtures/place.ts';

test('a process that is told to stop while it starts, stops', async () => {
  const { socketPath, variables } = await migratedDatabase();
  const settings = loadApiSettings({ ...variables, API_SOCKET: socketPath });
  await runApi(settings, systemClock, AbortSignal.abort());
  expect(existsSync(socketPath)).toBe(false);
});

test('a process that listens on a port says where', async () => {
  const { socketPath, variables } = await migratedDatabase();
  const settings = loadApiSettings({ ...variables, API_SOCKET: socketPath });
  const folder = dirname(socketPath);
  const log = { ...settings.log, channel: 'daily', folder: join(folder, 'logs'), level: 'info' } as const;
  const listen = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
  await runApi({ ...settings, listen, log }, systemClock, AbortSignal.abort());
  const [name = ''] = readdirSync(log.folder);
  expect(readFileSync(join(log.folder, name), 'utf8')).toContain('127.0.0.1:0');
});

test('without its migrations the process does not start, and names the command', async () => {
  const settings = loadApiSettings((await emptyDatabase()).variables);
  await expect(runApi(settings, systemClock, AbortSignal.abort())).rejects.toMatchObject({
    code: 'checkBlocked',
    message: `the database lacks the migrations ${MIGRATIONS.map(({ id }) => id).join(', ')}`,
    hint: 'ompay migrate up',
  });
});

test('a batch that the database refuses is told as 500 and logged, and the next one is served', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const [distributor, client] = [await api.distributor(), await api.customer()];
  const folder = dirname(String(api.settings.database.socketPath));
  const place = { socketPath: join(folder, 'api.sock') };
  const listen = { kind: 'socket', path: place.socketPath } as const;
  const { limits } = api.settings.log;
  const log = { channel: 'daily', folder: join(folder, 'logs'), level: 'info', limits } as const;
  const stopping = new AbortController();
  const running = runApi({ ...api.settings, listen, log }, systemClock, stopping.signal);
  await expect.poll(() => existsSync(place.socketPath), { timeout: 10_000 }).toBe(true);
  const body = JSON.stringify({ amount: 100, telephone_client: client.phone });
  const deposit = () => ask(place, '/api/ompay/deposit', { token: distributor.token, body });
  await sql`alter table entries rename to entries_away`.execute(api.database.kysely);
  expect((await deposit()).status).toBe(500);
  await sql`alter table entries_away rename to entries`.execute(api.database.kysely);
  expect((await deposit()).status).toBe(200);
  const metrics = await ask(place, '/metrics');
  expect(metrics.body).toContain('ompay_ledger_batch_failures_total 1');
  expect(metrics.body).toContain('ompay_redis_state{state="unused"} 1');
  stopping.abort();
  await running;
  const [name = ''] = readdirSync(log.folder);
  const lines = readFileSync(join(log.folder, name), 'utf8');
  for (const said of ['serving', 'a batch of the ledger failed', '"entries\\" does not exist', 'stopped']) {
    expect(lines).toContain(said);
  }
});
