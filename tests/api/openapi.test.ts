import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/api/db/open.ts';
import { RATES, type Rate } from '../../src/api/http/rates.ts';
import { openApiDocument } from '../../src/api/openapi.ts';
import { createReadiness } from '../../src/api/readiness.ts';
import { ROUTES } from '../../src/api/routes/index.ts';
import { buildServer } from '../../src/api/server.ts';
import {
  type Answer,
  type Call,
  fund,
  latestOtp,
  type Merchant,
  PASSWORD,
  type Person,
  registration,
  startApi,
  type TestApi,
} from '../fixtures/api.ts';
import { assertDeclared, DECLARED, DOCUMENT } from '../fixtures/openapi.ts';

/** Declared because everything can break, and not to be had from outside. */
const NOT_EXERCISED: Readonly<Record<string, string>> = {
  'health 500': 'it reads nothing that can be wrong: its own failures are told as 503',
  'metrics 500': 'a count that fails is told as NaN',
  'ready 500': 'what it cannot read is an obstacle, told as 503',
  'openapi 500': 'it is bytes made at the start',
};

let api: TestApi;
let distributor: Person;
let customer: Person;
let merchant: Merchant;
const seen = new Set<string>();

beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
  customer = await api.customer();
  merchant = await api.merchant();
  await fund(api, distributor, customer, 50_000);
});
afterAll(() => api.close());

const operations = ROUTES.map(({ operation }) => operation);

/** Well formed, and nobody's. */
const PARAMETERS: Readonly<Record<string, string>> = {
  code: `QR${'0'.repeat(20)}`,
  compteId: 'OM99999999',
  reference: 'TXN20261122101500ABCDEF',
};

function addressOf(path: string): string {
  return path.replace(/:(\w+)/g, (_written, name: string) => PARAMETERS[name] ?? name);
}

/** One call of the operation that passes its checks of who asks. */
function callOf(path: string, method: string, call: Call): Promise<Answer> {
  return method === 'GET' ? api.get(addressOf(path), call) : api.post(path, call);
}

function tokenFor(id: string): Call {
  if (id === 'generateQr') return { token: merchant.token };
  const forDistributors = ['deposit', 'withdraw', 'confirmOperation'].includes(id);
  return { token: forDistributors ? distributor.token : customer.token };
}

test('docs/openapi.json is what the routes declare', async () => {
  const document = openApiDocument(operations);
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('../../docs/openapi.json');
  const served = await api.get('/openapi.json');
  expect(served.json).toEqual(DOCUMENT);
});

test('each operation answers what it says it does when it goes well', async () => {
  await api.post('/api/auth/register', { body: registration('781111111') });
  await api.post('/api/auth/request-otp', { body: { telephone: '781111111' } });
  const otp = await latestOtp(api, '781111111');
  const verified = await api.post('/api/auth/verify-otp', { body: { telephone: '781111111', otp } });
  const { refresh_token } = verified.json.data.tokens;
  const renewed = await api.post('/api/auth/refresh', { body: { refresh_token } });
  await api.post('/api/auth/login', { body: { telephone: '781111111', password: PASSWORD } });
  await api.post('/api/ompay/logout', { token: renewed.json.data.access_token });
  const cash = { token: distributor.token, body: { amount: 500, telephone_client: customer.phone } };
  await api.post('/api/ompay/withdraw', cash);
  const body = { recipient_telephone: '781111111', amount: 500 };
  await api.post('/api/ompay/transfer', { token: customer.token, body });
  for (const path of ['/api/ompay/balance', '/api/ompay/history', '/api/ompay/history?cursor=']) {
    await api.get(path, { token: customer.token });
  }
  for (const path of ['/health', '/ready', '/metrics', '/openapi.json'])
    await api.get(path, { address: null });
  await api.get('/metrics');
});

test("each operation of customers' own cash answers what it says it does when it goes well, and when not", async () => {
  const { phone, token } = customer;
  const confirm = '/api/distributeur/confirmer';
  const open = (path: string) => api.post(path, { token, body: { amount: 500 } });
  const [confirmed, cancelled] = [await open('/api/ompay/deposit'), await open('/api/ompay/withdraw')];
  const body = { telephone_client: phone, code: confirmed.json.data.code };
  await api.post(confirm, { token, body });
  await twice(confirm, distributor, body);
  const { reference } = cancelled.json.data;
  for (let count = 0; count < 2; count += 1) await movesFor('/api/ompay/cancel', customer, { reference });
  await movesFor('/api/ompay/cancel', distributor, { reference });
  await movesFor('/api/ompay/deposit', customer, { amount: 500, telephone_client: phone });
});

test('each operation of merchants and PINs answers what it says it does when it goes well', async () => {
  const { token } = customer;
  const made = await api.post('/api/marchand/generate-qr', { token: merchant.token, body: { montant: 500 } });
  const { code_qr } = made.json.data;
  await api.get(`/api/qr/${code_qr}`, { token });
  const paid = await api.post('/api/paiement/marchand', { token, body: { code_qr } });
  await api.get(`/api/qr/${code_qr}`, { token });
  await api.post('/api/paiement/marchand', { token, body: { code_qr } });
  for (const path of [
    `/api/ompay/transactions/reference/${paid.json.data.reference}`,
    '/api/auth/me',
    '/api/dashboard',
  ]) {
    await api.get(path, { token });
  }
  const { compte_id } = (await api.get('/api/ompay/balance', { token })).json.data;
  await api.get(`/api/ompay/transactions/${compte_id}`, { token });
  const other = await api.customer();
  const change = { token: other.token, body: { old_pin: '4826', new_pin: '9351' } };
  await api.post('/api/auth/change-pin', change);
  const set = { token: other.token, body: { pin: '4826', password: PASSWORD } };
  for (let count = 0; count < 2; count += 1) await api.post('/api/auth/set-pin', set);
  // Without the PIN that is now asked for.
  await movesFor('/api/ompay/cancel', other, { reference: PARAMETERS.reference });
  for (let count = 0; count < 2; count += 1) await api.post('/api/auth/change-pin', change);
});

test('each operation refuses what cannot be read, and who is not known, as declared', async () => {
  for (const { id, method, path, secured } of operations) {
    if (secured) await callOf(path, method, {});
    if (method === 'GET') continue;
    const caller = secured ? tokenFor(id) : {};
    await api.post(path, { ...caller, body: '{' });
    await api.post(path, { ...caller, body: JSON.stringify('x'.repeat(17 * 1024)) });
    await api.post(path, { ...caller, body: '<a/>', headers: { 'content-type': 'text/xml' } });
    // Every operation that has an amount refuses this one, and every other lacks something.
    if (id !== 'logout') await api.post(path, { ...caller, body: { montant: 1 } });
  }
  for (const path of [
    '/api/ompay/balance?compteId=',
    '/api/ompay/history?page=0',
    '/api/ompay/transactions/OM00000000?page=0',
    '/api/ompay/transactions/reference/x',
    '/api/qr/x',
  ]) {
    await api.get(path, { token: customer.token });
  }
});

test("each operation's own refusals are declared", async () => {
  const telephone = customer.phone;
  await api.post('/api/auth/register', { body: registration(telephone) });
  await api.post('/api/auth/verify-otp', { body: { telephone, otp: '000000' } });
  await api.post('/api/auth/refresh', { body: { refresh_token: 'x' } });
  await api.post('/api/auth/login', { body: { telephone, password: 'faux' } });
  await api.get('/api/ompay/balance?compteId=x', { token: customer.token });
  await api.post('/api/ompay/transfer', {
    token: distributor.token,
    body: { recipient_telephone: telephone, amount: 500 },
  });
  for (const path of ['/api/ompay/deposit', '/api/ompay/withdraw']) {
    await movesFor(path, customer, { amount: 500, telephone_client: telephone });
    await movesFor(path, distributor, { amount: 500, telephone_client: '769999999' });
    await twice(path, distributor, { amount: 500, telephone_client: telephone });
  }
  for (const path of ['/api/marchand/generate-qr', '/api/paiement/marchand']) {
    await movesFor(path, distributor, { code_marchand: merchant.codeMarchand, montant: 500 });
  }
  await movesFor('/api/paiement/marchand', customer, { code_marchand: 'MCH000000', montant: 500 });
  for (const { path } of operations.filter(({ params }) => params !== undefined)) {
    await api.get(addressOf(path), { token: customer.token });
  }
  await movesFor('/api/ompay/transfer', customer, { amount: 500, recipient_telephone: '769999999' });
  await twice('/api/ompay/transfer', customer, { amount: 500, recipient_telephone: distributor.phone });
});

function movesFor(path: string, person: Person, body: object): Promise<unknown> {
  return api.post(path, { token: person.token, body });
}

/** The same key at the same moment: one is in progress. */
async function twice(path: string, person: Person, body: object): Promise<void> {
  const call = { token: person.token, key: 'double', body };
  await Promise.all([api.post(path, call), api.post(path, call)]);
}

test('a user who is suspended is refused as declared', async () => {
  const person = await api.customer();
  await api.post('/api/auth/request-otp', { body: { telephone: person.phone } });
  const otp = await latestOtp(api, person.phone);
  const suspended = { status: 'suspended' } as const;
  await api.database.kysely.updateTable('users').set(suspended).where('id', '=', person.userId).execute();
  await api.post('/api/auth/login', { body: { telephone: person.phone, password: PASSWORD } });
  await api.post('/api/auth/verify-otp', { body: { telephone: person.phone, otp } });
});

test('each limited operation says so as declared', async () => {
  const address = '192.0.2.1';
  const body = {};
  const usingUp: readonly (readonly [Rate, () => Promise<unknown>])[] = [
    [RATES.read, () => api.get('/api/ompay/balance', { token: customer.token })],
    [RATES.money, () => api.post('/api/ompay/transfer', { token: customer.token, body })],
    [RATES.money, () => api.post('/api/ompay/deposit', { token: distributor.token, body })],
    [
      RATES.money,
      () => api.post('/api/marchand/generate-qr', { token: merchant.token, body: { montant: 1 } }),
    ],
    [RATES.auth, () => api.post('/api/auth/set-pin', { token: customer.token, body })],
    [RATES.auth, () => api.post('/api/auth/login', { address, body })],
    [RATES.otp, () => api.post('/api/auth/request-otp', { address, body })],
  ];
  for (const [{ limit }, call] of usingUp) {
    // At once: on a busy machine the window would end before they all were asked one after the other.
    await Promise.all(Array.from({ length: limit }, call));
  }
  for (const { id, method, path } of operations.filter(({ rate }) => rate !== null)) {
    const { statusCode } = await callOf(path, method, { ...tokenFor(id), address });
    expect(statusCode, id).toBe(429);
  }
});

test('a database that is away, or not as it should be, is told as declared', async () => {
  const { foundations, settings } = api;
  const away = openDatabase({ ...settings.database, socketPath: '/nowhere/.s.PGSQL.5432', connectWaitMs: 1 });
  const unmigrated: Database = {
    ...api.database,
    kysely: api.database.kysely.withSchema('pg_catalog'),
    transaction: (work) => api.database.transaction((trx) => work(trx.withSchema('pg_catalog'))),
  };
  for (const database of [away, unmigrated]) {
    const readiness = createReadiness({ ...foundations, database, loopDelayMs: () => 0 });
    const parts = { ...foundations, database, readiness, settings: { ...settings, debug: true } };
    const server = buildServer(parts);
    for (const { id, method, path } of operations) {
      const response = await server.inject({
        method,
        url: addressOf(path),
        headers: { authorization: `Bearer ${'a'.repeat(43)}`, 'x-forwarded-for': '192.0.2.9' },
        ...(method === 'GET' ? {} : { payload: VALID_BODIES[id] ?? {} }),
      });
      const { statusCode, headers, body } = response;
      seen.add(assertDeclared({ method, path: addressOf(path), statusCode, headers, body }));
      if (statusCode >= 500 && !TELLS_ITSELF.includes(id))
        expect(JSON.parse(body).debug).toMatch(/database|relation/);
    }
    await server.close();
  }
  await away.close();
});

/** Answers 503 in a form of its own. */
const TELLS_ITSELF = ['health', 'ready'];
const telephone = '780000000';
const VALID_BODIES: Readonly<Record<string, object>> = {
  register: registration(telephone),
  requestOtp: { telephone },
  verifyOtp: { telephone, otp: '123456' },
  login: { telephone, password: PASSWORD },
  refresh: { refresh_token: 'x' },
};

test('every declared answer was seen, or it is said why not', () => {
  for (const name of api.seen) seen.add(name);
  const missing = DECLARED.filter((name) => !seen.has(name) && !(name in NOT_EXERCISED));
  expect(missing).toEqual([]);
  expect(Object.keys(NOT_EXERCISED).filter((name) => seen.has(name) || !DECLARED.includes(name))).toEqual([]);
});
