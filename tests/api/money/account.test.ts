import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Answer,
  fund,
  type Merchant,
  PASSWORD,
  type Person,
  startApi,
  type TestApi,
} from '../../fixtures/api.ts';

let api: TestApi;
let distributor: Person;
let person: Person;
let merchant: Merchant;
let reference: string;

beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
  person = await api.customer();
  merchant = await api.merchant();
  for (let count = 1; count <= 11; count += 1) await fund(api, distributor, person, count * 1_000);
  const { json } = await api.post('/api/paiement/marchand', {
    token: person.token,
    body: { code_marchand: merchant.codeMarchand, montant: 500 },
  });
  reference = json.data.reference;
});
afterAll(() => api.close());

function get(path: string, { token }: Person, headers: Record<string, string> = {}): Promise<Answer> {
  return api.get(path, { token, headers });
}

test('a user sees who he is, in his language', async () => {
  const { json } = await get('/api/auth/me', person, { 'accept-language': 'en' });
  expect(json.message).toBe('Your profile.');
  expect(json.data).toEqual({
    user: { id: person.userId, nom: 'Diop', prenom: 'Awa', telephone: person.phone, status: 'active' },
    pin_defini: false,
  });
});

test('the dashboard shows the user, the account and the ten newest transactions', async () => {
  const { data } = (await get('/api/dashboard', person)).json;
  expect(data.user.id).toBe(person.userId);
  expect(data.compte).toMatchObject({ solde: 65_500, devise: 'FCFA', code_marchand: null });
  expect(data.transactions.map(({ montant }) => montant)).toEqual([
    500, 11_000, 10_000, 9_000, 8_000, 7_000, 6_000, 5_000, 4_000, 3_000,
  ]);
  const theirs = (await get('/api/dashboard', merchant)).json.data;
  expect(theirs.compte).toMatchObject({ solde: 500, code_marchand: merchant.codeMarchand });
  expect(theirs.transactions).toMatchObject([{ type: 'paiement', sens: 'credit', montant: 500 }]);
});

test("one's own account is found by its id and by its number, as the history", async () => {
  const { compte_id, numero_compte } = (await get('/api/ompay/balance', person)).json.data;
  for (const name of [compte_id, numero_compte]) {
    expect((await get(`/api/ompay/balance?compteId=${name}`, person)).json.data.compte_id).toBe(compte_id);
    for (const query of ['', '?page=2&per_page=5', '?type=paiement', '?cursor=&per_page=3']) {
      const listed = await get(`/api/ompay/transactions/${name}${query}`, person);
      const history = await get(`/api/ompay/history${query}`, person);
      expect(listed.json.data).toEqual(history.json.data);
    }
  }
});

test('a transaction is found by its reference, from its own side', async () => {
  const path = `/api/ompay/transactions/reference/${reference}`;
  const shared = { reference, type: 'paiement', montant: 500, statut: 'reussi' };
  expect((await get(path, person)).json.data.transaction).toMatchObject({ ...shared, sens: 'debit' });
  expect((await get(path, merchant)).json.data.transaction).toMatchObject({ ...shared, sens: 'credit' });
});

test("another's account or transaction is answered as nobody's, to the byte", async () => {
  const stranger = await api.customer();
  const { compte_id, numero_compte } = (await get('/api/ompay/balance', person)).json.data;
  const pairs = [
    [`/api/ompay/transactions/${compte_id}`, '/api/ompay/transactions/00000000-0000-7000-8000-0000000000ff'],
    [`/api/ompay/transactions/${numero_compte}`, '/api/ompay/transactions/OM99999999'],
    [
      `/api/ompay/transactions/reference/${reference}`,
      `/api/ompay/transactions/reference/${reference.slice(0, -6)}ZZZZZZ`,
    ],
  ];
  for (const [theirs = '', nobodys = ''] of pairs) {
    const answers = [theirs, nobodys].map(async (path) => {
      const { statusCode, body } = await get(path, stranger, { 'x-request-id': 'the-same-one' });
      return [statusCode, body.replaceAll(path.split('/').at(-1) ?? '', '…')];
    });
    const [first, second] = await Promise.all(answers);
    expect(first).toEqual(second);
    expect(first?.[0]).toBe(404);
  }
});

test.each(['%00', 'TXN%00', "TXN20261122101500A'--", '..%2f..%2fhealth'])(
  'a reference like %s is refused before the database sees it',
  async (given) => {
    const answer = await get(`/api/ompay/transactions/reference/${given}`, person);
    expect([answer.statusCode, Object.keys(answer.json.errors)]).toEqual([422, ['reference']]);
  },
);

test('a client with a PIN is not withdrawn from by the number alone, but is still deposited to', async () => {
  const client = await api.customer();
  await fund(api, distributor, client, 5_000);
  const withdraw = (key: string): Promise<Answer> =>
    api.post('/api/ompay/withdraw', {
      token: distributor.token,
      key,
      body: { amount: 1_000, telephone_client: client.phone },
    });
  const before = await withdraw('avant');
  expect(before.statusCode).toBe(200);
  await api.post('/api/auth/set-pin', { token: client.token, body: { pin: '4826', password: PASSWORD } });
  const { statusCode, json } = await withdraw('apres');
  expect([statusCode, json.code]).toEqual([403, 'confirmation_client']);
  expect((await withdraw('avant')).body).toBe(before.body);
  await fund(api, distributor, client, 500);
  expect((await get('/api/ompay/balance', client)).json.data.solde).toBe(4_500);
});
