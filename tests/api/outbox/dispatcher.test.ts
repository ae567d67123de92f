import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { KeyRing } from '../../../src/api/auth/keys.ts';
import { openDatabase } from '../../../src/api/db/open.ts';
import { removeExpired, startHousekeeping } from '../../../src/api/housekeeping.ts';
import { dispatchOnce, startDispatcher } from '../../../src/api/outbox/dispatcher.ts';
import type { Deliver } from '../../../src/api/outbox/drivers.ts';
import { enqueue, MAX_ATTEMPTS, readOutbox } from '../../../src/api/outbox/queue.ts';
import { deriveKeys } from '../../../src/api/services.ts';
import { startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
let key: KeyRing;
beforeAll(async () => {
  api = await startApi();
  key = deriveKeys(api.settings).outbox;
});
afterAll(() => api.close());
beforeEach(() => api.database.kysely.deleteFrom('outbox').execute());

function partsFor(deliver: Deliver) {
  const { database, clock } = api;
  return { database, clock, key, deliver, log: api.foundations.log };
}

async function write(...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    const message = { channel: 'sms', recipient: '+221771234567', body } as const;
    await enqueue(api.database.kysely, message, { key, now: api.clock.now() });
  }
}

function outbox() {
  return readOutbox(api.database.kysely, key, { limit: 500 });
}

test('a message is delivered once, in clear, and then left alone', async () => {
  await write('bonjour');
  const delivered: string[] = [];
  const parts = partsFor(async ({ recipient, body }) => {
    delivered.push(`${recipient} ${body}`);
  });
  expect([await dispatchOnce(parts), await dispatchOnce(parts)]).toEqual([1, 0]);
  expect(delivered).toEqual(['+221771234567 bonjour']);
  const [message] = await outbox();
  expect(message).toMatchObject({ body: 'bonjour', attempts: 1 });
  expect(message?.deliveredAtMs).toBeGreaterThan(0);
});

test('two processes at once deliver each of 150 messages once', async () => {
  await write(...Array.from({ length: 150 }, (_body, index) => `n° ${index}`));
  const delivered: string[] = [];
  const parts = partsFor(async ({ body }) => {
    delivered.push(body);
  });
  const counts = await Promise.all([dispatchOnce(parts), dispatchOnce(parts)]);
  expect(counts.toSorted((a, b) => a - b)).toEqual([50, 100]);
  expect(new Set(delivered).size).toBe(150);
  expect(delivered).toHaveLength(150);
});

test('one that does not leave is tried again later and later, and given up at last', async () => {
  await write('panne');
  let tries = 0;
  const parts = partsFor(async () => {
    tries += 1;
    throw new Error('the gateway answered 500 for +221771234567');
  });
  await dispatchOnce(parts);
  expect(await dispatchOnce(parts)).toBe(0);
  api.clock.pass(2_000);
  expect(await dispatchOnce(parts)).toBe(1);
  api.clock.pass(3_000);
  expect(await dispatchOnce(parts)).toBe(0);
  for (let attempt = 2; attempt < MAX_ATTEMPTS + 3; attempt += 1) {
    api.clock.pass(3_600_000);
    await dispatchOnce(parts);
  }
  expect(tries).toBe(MAX_ATTEMPTS);
  expect(await outbox()).toMatchObject([{ attempts: MAX_ATTEMPTS, deliveredAtMs: 0 }]);
  expect(api.lines.join('')).toContain('a message did not leave');
  expect(api.lines.join('')).not.toContain('771234567');
});

test('what one process leased and never delivered is delivered by another after the lease', async () => {
  await write('reprise');
  const never = Promise.withResolvers<void>();
  const dying = dispatchOnce(partsFor(() => never.promise));
  const delivered: string[] = [];
  const other = partsFor(async ({ body }) => {
    delivered.push(body);
  });
  await expect.poll(async () => (await outbox())[0]?.attempts).toBe(1);
  expect(await dispatchOnce(other)).toBe(0);
  api.clock.pass(120_000);
  expect(await dispatchOnce(other)).toBe(1);
  expect(delivered).toEqual(['reprise']);
  never.resolve();
  await dying;
});

test('a started dispatcher delivers what comes, full batches without a pause, until it is stopped', async () => {
  await write(...Array.from({ length: 101 }, (_body, index) => `n° ${index}`));
  let delivered = 0;
  const dispatcher = startDispatcher(
    partsFor(async () => {
      delivered += 1;
    }),
  );
  await expect.poll(() => delivered).toBe(101);
  await dispatcher.stop();
  await write('après');
  expect(await outbox()).toMatchObject(
    Array.from({ length: 102 }, (_m, index) => ({ attempts: index === 101 ? 0 : 1 })),
  );
});

test('a database that is away is logged, and the loops go on', async () => {
  const { clock } = api;
  const log = api.foundations.log;
  const away = openDatabase({
    ...api.settings.database,
    socketPath: '/nowhere/.s.PGSQL.5432',
    connectWaitMs: 1,
  });
  const dispatcher = startDispatcher({ ...partsFor(async () => {}), database: away });
  const housekeeper = startHousekeeping({ database: away, ledger: api.ledger, clock, log });
  await expect.poll(() => api.lines.join('')).toContain('the outbox could not be read');
  await expect.poll(() => api.lines.join('')).toContain('expired rows could not be removed');
  await expect.poll(() => api.lines.join('')).toContain('overdue operations could not be expired');
  await Promise.all([dispatcher.stop(), housekeeper.stop()]);
  await away.close();
});

test('expired sessions, old counters and old delivered messages are removed, others are not', async () => {
  const { kysely } = api.database;
  const person = await api.customer();
  await api.post('/api/auth/login', { body: { telephone: person.phone, password: 'faux' } });
  const count = async () => [
    (await kysely.selectFrom('sessions').select('token_hash').execute()).length,
    (await kysely.selectFrom('attempt_counters').select('counter_key').execute()).length,
    (await outbox()).length,
  ];
  await dispatchOnce(partsFor(async () => {}));
  await write('jamais partie');
  await removeExpired(api.database, api.clock.now());
  expect(await count()).toEqual([2, 1, 2]);
  api.clock.pass(25 * 3_600_000);
  await removeExpired(api.database, api.clock.now());
  expect(await count()).toEqual([1, 0, 2]);
  api.clock.pass(30 * 24 * 3_600_000);
  await removeExpired(api.database, api.clock.now());
  expect(await count()).toEqual([0, 0, 1]);
  const housekeeper = startHousekeeping({
    database: api.database,
    ledger: api.ledger,
    clock: api.clock,
    log: api.foundations.log,
  });
  await housekeeper.stop();
});
