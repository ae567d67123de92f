import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/api/money/fingerprint.ts';
import { fund, type Person, startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
let distributor: Person;
beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
});
afterAll(() => api.close());

async function customerWith(amount: number): Promise<Person> {
  const person = await api.customer();
  await fund(api, distributor, person, amount);
  return person;
}

async function openWithdrawal(person: Person, amount: number): Promise<string> {
  const { json } = await api.post('/api/ompay/withdraw', { token: person.token, body: { amount } });
  return json.data.code;
}

async function newestSms(person: Person): Promise<string> {
  return (await api.smsTo(`+221${person.phone}`)).at(-1) ?? '';
}

async function spendable(person: Person): Promise<string> {
  const { json } = await api.get('/api/ompay/balance', { token: person.token });
  return `Nouveau solde : ${json.data.solde} FCFA`;
}

test('the fingerprint of a confirmation does not tell the code, and another code is another request', async () => {
  const client = await customerWith(1_000);
  const [code, other] = [await openWithdrawal(client, 300), await openWithdrawal(client, 200)];
  const confirm = (given: string) =>
    api.post('/api/distributeur/confirmer', {
      token: distributor.token,
      body: { telephone_client: client.phone, code: given },
      key: 'guichet-1',
    });
  const first = await confirm(code);
  expect(first.statusCode).toBe(200);
  const { fingerprint } = await api.database.kysely
    .selectFrom('idempotency_keys')
    .select('fingerprint')
    .where('idempotency_key', '=', 'guichet-1')
    .executeTakeFirstOrThrow();
  const guess = canonicalJson({ telephone_client: client.phone, code });
  const guessed = createHash('sha256').update(`POST /api/distributeur/confirmer\n${guess}`).digest('hex');
  expect(fingerprint).not.toBe(guessed);
  expect((await confirm(code)).body).toBe(first.body);
  expect((await confirm(other)).json.code).toBe('cle_idempotence_reutilisee');
});

test('every SMS tells the balance that can be spent, as the balance itself does', async () => {
  const [client, payer] = [await customerWith(10_000), await customerWith(5_000)];
  await openWithdrawal(client, 4_000);
  const code = await openWithdrawal(client, 1_000);
  await fund(api, distributor, client, 500);
  expect(await newestSms(client)).toContain(await spendable(client));
  const body = { telephone_client: client.phone, amount: 100 };
  await api.post('/api/ompay/withdraw', { token: distributor.token, body });
  expect(await newestSms(client)).toContain(await spendable(client));
  await api.post('/api/ompay/transfer', {
    token: payer.token,
    body: { recipient_telephone: client.phone, amount: 200 },
  });
  expect(await newestSms(client)).toContain(await spendable(client));
  await api.post('/api/distributeur/confirmer', {
    token: distributor.token,
    body: { telephone_client: client.phone, code },
  });
  expect(await newestSms(client)).toContain(await spendable(client));
});

test('text that a database cannot hold is refused as invalid', async () => {
  const client = await customerWith(1_000);
  const body = { amount: 200, description: 'a\u0000b' };
  const { statusCode, json } = await api.post('/api/ompay/withdraw', { token: client.token, body });
  expect([statusCode, Object.keys(json.errors)]).toEqual([422, ['description']]);
});

test('a merchant asks for a code without an amount by an empty body, or none', async () => {
  const merchant = await api.merchant();
  for (const given of [{}, { body: {} }]) {
    const { statusCode } = await api.post('/api/marchand/generate-qr', { token: merchant.token, ...given });
    expect(statusCode).toBe(201);
  }
});
