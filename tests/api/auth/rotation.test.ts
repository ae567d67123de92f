import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { writeAudit } from '../../../src/api/audit/write.ts';
import { type ApplicationKeys, keyId } from '../../../src/api/auth/keys.ts';
import { pinsUnderOlderKeys, rotatedAtMs, sealAllAnew } from '../../../src/api/auth/retirement.ts';
import { createLedger } from '../../../src/api/ledger/ledger.ts';
import { readOutbox } from '../../../src/api/outbox/queue.ts';
import { sealBody } from '../../../src/api/outbox/seal.ts';
import { buildServer } from '../../../src/api/server.ts';
import { deriveKeys } from '../../../src/api/services.ts';
import { Secret } from '../../../src/core/secret.ts';
import { fund, PASSWORD, type Person, startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
// The fixture reads its codes under the first key alone.
beforeEach(() => api.database.kysely.deleteFrom('outbox').execute());

const NEXT = new Secret(Buffer.alloc(32, 9).toString('base64'));

/** A second process on the same database, under the keys given. */
function processUnder(keys: ApplicationKeys) {
  const settings = { ...api.settings, ...keys };
  const ring = deriveKeys(settings).outbox;
  const ledger = createLedger({
    db: api.database,
    clock: api.clock,
    sealMessage: (body) => sealBody(ring, body),
    onBatch: () => {},
    onError: () => {},
  });
  const app = buildServer({ ...api.foundations, settings, ledger });
  let calls = 0;
  return {
    keys: settings,
    post: async (url: string, { token, body, key }: { token?: string; body: object; key?: string }) => {
      calls += 1;
      const { statusCode, json } = await app.inject({
        method: 'POST',
        url,
        payload: body,
        headers: {
          'x-forwarded-for': `10.9.${Object.keys(keys).length}.${calls % 250}`,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
      });
      return { statusCode, data: json<{ data: Record<string, string> | null }>().data ?? {} };
    },
    close: async () => {
      await app.close();
      await ledger.close();
    },
  };
}

test('two processes, one before and one after the switch of keys, serve each other’s codes, PINs and operations', async () => {
  const before = processUnder({ key: api.settings.key, otherKeys: [NEXT] });
  const after = processUnder({ key: NEXT, otherKeys: [api.settings.key] });
  const [person, friend, distributor] = [await api.customer(), await api.customer(), await api.distributor()];
  await fund(api, distributor, person, 50_000);
  const readers = deriveKeys(after.keys).outbox;
  for (const [round, [one, other]] of [
    [before, after],
    [after, before],
  ].entries()) {
    if (one === undefined || other === undefined) throw new Error('there are two processes');
    await one.post('/api/auth/request-otp', { body: { telephone: person.phone } });
    const messages = await readOutbox(api.database.kysely, readers, { limit: 1 });
    const otp = /\b\d{6}\b/.exec(messages[0]?.body ?? '')?.[0] ?? '';
    const entered = await other.post('/api/auth/verify-otp', { body: { telephone: person.phone, otp } });
    expect(entered.statusCode).toBe(200);
    const { token } = person;
    const opened = await one.post('/api/ompay/withdraw', { token, body: { amount: 500 }, key: `k${round}` });
    expect(opened.statusCode).toBe(200);
    const again = await other.post('/api/ompay/withdraw', { token, body: { amount: 500 }, key: `k${round}` });
    expect(again).toEqual(opened);
    const body = { telephone_client: person.phone, code: opened.data.code };
    const confirmed = await other.post('/api/distributeur/confirmer', { token: distributor.token, body });
    expect(confirmed.statusCode).toBe(200);
  }
  await pinAcross({ person, friend }, before, after);
  await Promise.all([before.close(), after.close()]);
});

/** Set under one key, used under both; afterwards it is under the key of who used it last. */
async function pinAcross(
  { person: { token }, friend }: { readonly person: Person; readonly friend: Person },
  before: ReturnType<typeof processUnder>,
  after: ReturnType<typeof processUnder>,
): Promise<void> {
  await before.post('/api/auth/set-pin', { token, body: { pin: '9351', password: PASSWORD } });
  expect(await pinsUnderOlderKeys(api.database, after.keys)).toBe(1);
  for (const process of [before, after, before, after]) {
    const body = { recipient_telephone: friend.phone, amount: 500, pin: '9351' };
    expect((await process.post('/api/ompay/transfer', { token, body })).statusCode).toBe(200);
  }
  expect(await pinsUnderOlderKeys(api.database, after.keys)).toBe(0);
}

test('wrong passwords count together under both keys: neither process gives a sixth try', async () => {
  const before = processUnder({ key: api.settings.key, otherKeys: [NEXT] });
  const after = processUnder({ key: NEXT, otherKeys: [api.settings.key] });
  const { phone: telephone } = await api.customer();
  const codes: number[] = [];
  for (const process of [before, after, before, after, before, after, before]) {
    const body = { telephone, password: 'un-autre-mot-de-passe' };
    codes.push((await process.post('/api/auth/login', { body })).statusCode);
  }
  expect(codes).toEqual([401, 401, 401, 401, 401, 429, 429]);
  await Promise.all([before.close(), after.close()]);
});

test('what is kept sealed is sealed anew, and then the former key opens nothing', async () => {
  const rotated = { key: NEXT, otherKeys: [api.settings.key] };
  await api.customer();
  const plain = {
    owner_id: 'somebody',
    idempotency_key: 'plain',
    fingerprint: 'f',
    status_code: 200,
    body: '{}',
  };
  const unsealed = { ...plain, transfer_id: null, created_at_ms: 1 };
  await api.database.kysely.insertInto('idempotency_keys').values(unsealed).execute();
  expect(await sealAllAnew(api.database, rotated)).toBeGreaterThan(0);
  expect(await sealAllAnew(api.database, rotated)).toBe(0);
  const alone = deriveKeys({ key: NEXT, otherKeys: [] }).outbox;
  expect((await readOutbox(api.database.kysely, alone, { limit: 1_000 })).length).toBeGreaterThan(0);
  const stranger = { key: new Secret(Buffer.alloc(32, 4).toString('base64')), otherKeys: [] };
  expect(await sealAllAnew(api.database, stranger)).toBe(0);
});

test('the trail dates a rotation', async () => {
  const rotated = { key: NEXT, otherKeys: [] };
  expect(await rotatedAtMs(api.database, rotated)).toBeUndefined();
  const event = { action: 'keys.rotated', staff: 'awa@siege', detail: { key: keyId(NEXT) } } as const;
  await api.database.transaction((trx) => writeAudit(trx, api.database.dialect, [event], 1_234));
  expect(await rotatedAtMs(api.database, rotated)).toBe(1_234);
});
