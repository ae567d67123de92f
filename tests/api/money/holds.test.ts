import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeExpired } from '../../../src/api/housekeeping.ts';
import { checkInvariants } from '../../../src/api/ledger/invariants.ts';
import { expireHolds } from '../../../src/api/ledger/sweep.ts';
import { type Answer, fund, type Person, startApi, type TestApi } from '../../fixtures/api.ts';
import { SOUND } from '../../fixtures/sound.ts';

let api: TestApi;
let distributor: Person;
beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
});
afterAll(async () => {
  expect(await checkInvariants(api.database)).toEqual(SOUND);
  await api.close();
});

async function customerWith(amount: number): Promise<Person> {
  const person = await api.customer();
  if (amount > 0) await fund(api, distributor, person, amount);
  return person;
}

function open(
  person: Person,
  path: 'deposit' | 'withdraw',
  options: { amount: number; key?: string },
): Promise<Answer> {
  const { amount, key } = options;
  return api.post(`/api/ompay/${path}`, {
    token: person.token,
    body: { amount, description: 'marché' },
    ...(key === undefined ? {} : { key }),
  });
}

function confirm(client: Person, code: string, key?: string): Promise<Answer> {
  return api.post('/api/distributeur/confirmer', {
    token: distributor.token,
    body: { telephone_client: client.phone, code },
    ...(key === undefined ? {} : { key }),
  });
}

function cancel(person: Person, reference: string, key?: string): Promise<Answer> {
  return api.post('/api/ompay/cancel', {
    token: person.token,
    body: { reference },
    ...(key === undefined ? {} : { key }),
  });
}

/** What can be spent, and what is held. */
async function funds(person: Person): Promise<readonly [number, number]> {
  const { json } = await api.get('/api/ompay/balance', { token: person.token });
  return [json.data.solde, json.data.solde_reserve];
}

async function statuses(person: Person): Promise<readonly string[]> {
  const { json } = await api.get('/api/ompay/history', { token: person.token });
  return json.data.transactions.map(({ type, statut }) => `${type} ${statut}`);
}

test("a customer's withdrawal is held, confirmed by a distributor, and told by SMS", async () => {
  const customer = await customerWith(10_000);
  const { json, statusCode } = await open(customer, 'withdraw', { amount: 4_000 });
  expect(statusCode).toBe(200);
  expect(json.data).toMatchObject({
    transaction: {
      type: 'retrait',
      sens: 'debit',
      statut: 'en_attente',
      montant: 4_000,
      description: 'marché',
    },
    reference: expect.stringMatching(/^TXN/),
    code: expect.stringMatching(/^\d{6}$/),
  });
  const lifetimeMs = Date.parse(json.data.date_expiration) - Date.parse(json.data.transaction.date_operation);
  expect(lifetimeMs).toBe(15 * 60_000);
  expect((await api.smsTo(`+221${customer.phone}`)).at(-1)).toContain(
    `code ${json.data.code} pour votre retrait de 4000 FCFA`,
  );
  expect(await funds(customer)).toEqual([6_000, 4_000]);
  expect(await statuses(customer)).toEqual(['retrait en_attente', 'depot reussi']);
  const confirmed = await confirm(customer, json.data.code);
  expect(confirmed.json.data).toMatchObject({
    transaction: { type: 'retrait', sens: 'credit', statut: 'reussi' },
    reference: json.data.reference,
  });
  expect(await funds(customer)).toEqual([6_000, 0]);
  expect(await statuses(customer)).toEqual(['retrait reussi', 'depot reussi']);
  expect((await api.smsTo(`+221${customer.phone}`)).at(-1)).toContain(
    'retrait de 4000 FCFA. Nouveau solde : 6000',
  );
});

test("a customer's deposit comes from the distributor that confirms it", async () => {
  const customer = await customerWith(0);
  const before = await funds(distributor);
  const { json } = await open(customer, 'deposit', { amount: 150_000 });
  expect(json.data.transaction).toMatchObject({ type: 'depot', sens: 'credit', statut: 'en_attente' });
  expect(await funds(customer)).toEqual([0, 0]);
  const confirmed = await confirm(customer, json.data.code);
  expect(confirmed.json.data.transaction).toMatchObject({ sens: 'debit', statut: 'reussi' });
  expect([await funds(customer), await funds(distributor)]).toEqual([
    [150_000, 0],
    [before[0] - 150_000, 0],
  ]);
});

test('a deposit that would pass a ceiling is refused at its confirmation, and stays pending', async () => {
  const customer = await customerWith(100_000);
  const { json } = await open(customer, 'deposit', { amount: 150_000 });
  expect((await confirm(customer, json.data.code)).json.code).toBe('plafond_solde');
  expect(await statuses(customer)).toEqual(['depot en_attente', 'depot reussi']);
});

test('a withdrawal that cannot be paid is not opened', async () => {
  const customer = await customerWith(1_000);
  expect((await open(customer, 'withdraw', { amount: 1_001 })).json.error_code).toBe(1001);
  expect(await statuses(customer)).toEqual(['depot reussi']);
});

test('a customer opens five operations at a time, for nobody but himself', async () => {
  const customer = await customerWith(1_000);
  for (let count = 0; count < 5; count += 1) {
    expect((await open(customer, 'withdraw', { amount: 100 })).statusCode).toBe(200);
  }
  const sixth = await open(customer, 'withdraw', { amount: 100 });
  expect([sixth.statusCode, sixth.json.code]).toEqual([409, 'trop_operations_en_attente']);
  const other = await api.customer();
  const body = { amount: 1_000, telephone_client: other.phone };
  for (const path of ['/api/ompay/deposit', '/api/ompay/withdraw']) {
    const { statusCode, json } = await api.post(path, { token: customer.token, body });
    expect([statusCode, json.code]).toEqual([403, 'reserve_distributeur']);
  }
});

test('only a distributor confirms, and is told alike of clients, codes and operations that are not', async () => {
  const customer = await customerWith(1_000);
  const { json } = await open(customer, 'withdraw', { amount: 500 });
  const body = { telephone_client: customer.phone, code: json.data.code };
  const refused = await api.post('/api/distributeur/confirmer', { token: customer.token, body });
  expect([refused.statusCode, refused.json.code]).toEqual([403, 'reserve_distributeur']);
  const wrong = json.data.code === '000000' ? '000001' : '000000';
  const stranger = { ...customer, phone: '769999999' };
  const idle = await api.customer();
  const answers = [
    await confirm(customer, wrong),
    await confirm(stranger, json.data.code),
    await confirm(idle, json.data.code),
  ];
  expect(answers.map(({ json: { code, message }, statusCode }) => [statusCode, code, message])).toEqual(
    answers.map(() => [
      422,
      'code_operation_invalide',
      "Aucune opération en attente de ce client n'a ce code.",
    ]),
  );
});

test('five wrong codes end the operation, and its owner is told', async () => {
  const customer = await customerWith(1_000);
  const { json } = await open(customer, 'withdraw', { amount: 500 });
  const wrong = json.data.code === '000000' ? '000001' : '000000';
  await Promise.all(Array.from({ length: 5 }, () => confirm(customer, wrong)));
  expect((await confirm(customer, json.data.code)).statusCode).toBe(422);
  expect(await funds(customer)).toEqual([1_000, 0]);
  expect(await statuses(customer)).toEqual(['retrait annule', 'depot reussi']);
  expect((await api.smsTo(`+221${customer.phone}`)).at(-1)).toContain('annulée après 5 codes incorrects');
});

test('its owner, and nobody else, cancels an operation while it is pending', async () => {
  const [customer, other] = [await customerWith(1_000), await api.customer()];
  const { json } = await open(customer, 'withdraw', { amount: 500 });
  const { reference } = json.data;
  expect((await cancel(other, reference)).json).toMatchObject({ code: 'transaction_introuvable' });
  const cancelled = await cancel(customer, reference, 'annuler');
  expect(cancelled.json.data).toMatchObject({ transaction: { statut: 'annule' }, reference });
  expect(await funds(customer)).toEqual([1_000, 0]);
  const again = await cancel(customer, reference, 'annuler');
  expect([again.body, again.headers['idempotent-replayed']]).toEqual([cancelled.body, 'true']);
  const late = await cancel(customer, reference);
  expect([late.statusCode, late.json.code]).toEqual([409, 'operation_non_en_attente']);
  expect((await confirm(customer, json.data.code)).statusCode).toBe(422);
});

test('what moved money is no longer cancelled', async () => {
  const customer = await customerWith(1_000);
  const opened = await open(customer, 'withdraw', { amount: 500 });
  const { code, reference } = opened.json.data;
  await confirm(customer, code);
  const { json } = await api.get('/api/ompay/history?type=depot', { token: customer.token });
  for (const done of [reference, json.data.transactions[0]?.reference ?? '']) {
    expect((await cancel(customer, done)).json.code).toBe('operation_non_en_attente');
  }
});

test('the same key opens, and confirms, once; the code is nowhere in clear', async () => {
  const customer = await customerWith(1_000);
  const first = await open(customer, 'withdraw', { amount: 300, key: 'ouvrir' });
  const again = await open(customer, 'withdraw', { amount: 300, key: 'ouvrir' });
  expect([again.body, again.headers['idempotent-replayed']]).toEqual([first.body, 'true']);
  expect(await funds(customer)).toEqual([700, 300]);
  const { kysely } = api.database;
  const tables = [
    await kysely.selectFrom('holds').selectAll().execute(),
    await kysely.selectFrom('idempotency_keys').selectAll().execute(),
    await kysely.selectFrom('outbox').selectAll().execute(),
  ];
  expect(JSON.stringify(tables)).not.toMatch(new RegExp(`\\b${first.json.data.code}\\b`));
  const confirmed = await confirm(customer, first.json.data.code, 'confirmer');
  expect((await confirm(customer, first.json.data.code, 'confirmer')).body).toBe(confirmed.body);
  expect(await funds(customer)).toEqual([700, 0]);
});

test('an operation that nobody confirms expires by itself, once', async () => {
  const customer = await customerWith(1_000);
  const { json } = await open(customer, 'withdraw', { amount: 500 });
  const { database, ledger, clock } = api;
  const sweep = () => expireHolds(ledger, database.kysely, clock.now());
  while ((await sweep()) > 0);
  clock.pass(15 * 60_000);
  await removeExpired(database, clock.now());
  const swept = await Promise.all([sweep(), sweep()]);
  const overdue = await database.kysely
    .selectFrom('holds')
    .select('id')
    .where('status', '=', 'en_attente')
    .execute();
  expect(overdue).toEqual([]);
  const expired = await database.kysely
    .selectFrom('holds')
    .select('id')
    .where('status', '=', 'echoue')
    .execute();
  expect(swept.reduce((total, count) => total + count, 0)).toBe(expired.length);
  const renewed = await api.post('/api/auth/refresh', { body: { refresh_token: customer.refreshToken } });
  const again = { ...customer, token: renewed.json.data.access_token };
  expect(await funds(again)).toEqual([1_000, 0]);
  expect((await cancel(again, json.data.reference)).json.code).toBe('operation_non_en_attente');
});
