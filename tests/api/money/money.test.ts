import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLedger } from '../../../src/api/ledger/ledger.ts';
import { buildServer } from '../../../src/api/server.ts';
import { type Answer, fund, type Person, startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
let distributor: Person;
beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
});
afterAll(() => api.close());

async function fundedCustomer(amount: number): Promise<Person> {
  const person = await api.customer();
  await fund(api, distributor, person, amount);
  return person;
}

function transfer(from: Person, to: Person, options: { amount: number; key?: string }): Promise<Answer> {
  const { amount, key } = options;
  return api.post('/api/ompay/transfer', {
    token: from.token,
    body: { recipient_telephone: to.phone, amount },
    ...(key === undefined ? {} : { key }),
  });
}

async function balanceOf(person: Person): Promise<number> {
  return (await api.get('/api/ompay/balance', { token: person.token })).json.data.solde;
}

test('twenty transfers at once spend what there is, once', async () => {
  const [sender, receiver] = [await fundedCustomer(50_000), await api.customer()];
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => transfer(sender, receiver, { amount: 10_000 })),
  );
  const done = answers.filter(({ statusCode }) => statusCode === 200);
  const refused = answers.filter(({ json }) => json.error_code === 1001);
  // 10,080 each with the fee: four fit into 50,000.
  expect([done.length, refused.length]).toEqual([4, 16]);
  expect(new Set(done.map(({ json }) => json.data.reference)).size).toBe(4);
  expect([await balanceOf(sender), await balanceOf(receiver)]).toEqual([9_680, 40_000]);
});

test('without a key the same request done again at once is told from the first; refused ones and those with a key are not', async () => {
  const [sender, receiver] = [await fundedCustomer(5_000), await api.customer()];
  const told = async (options: { amount: number; key?: string }): Promise<unknown> =>
    (await transfer(sender, receiver, options)).headers['possible-duplicate'];
  expect([await told({ amount: 1_000 }), await told({ amount: 1_001 })]).toEqual([undefined, undefined]);
  expect([await told({ amount: 1_000, key: 'anew' }), await told({ amount: 1_000 })]).toEqual([
    undefined,
    'true',
  ]);
  expect([await told({ amount: 900_000 }), await told({ amount: 900_000 })]).toEqual([undefined, undefined]);
});

test('a customer moves no cash for anybody, and a distributor sends no transfers', async () => {
  const customer = await api.customer();
  for (const path of ['/api/ompay/deposit', '/api/ompay/withdraw']) {
    const body = { amount: 1_000, telephone_client: customer.phone };
    const { statusCode, json } = await api.post(path, { token: customer.token, body });
    expect([statusCode, json.code]).toEqual([403, 'reserve_distributeur']);
  }
  const answer = await transfer(distributor, customer, { amount: 1_000 });
  expect([answer.statusCode, answer.json.code]).toEqual([403, 'reserve_client']);
});

test('a distributor must name the client, who must be an active customer', async () => {
  const unnamed = await api.post('/api/ompay/deposit', { token: distributor.token, body: { amount: 1_000 } });
  expect(unnamed.json.errors).toEqual({ telephone_client: ['Ce champ est obligatoire.'] });
  for (const phone of ['769999999', distributor.phone]) {
    const body = { amount: 1_000, telephone_client: phone };
    const { json } = await api.post('/api/ompay/deposit', { token: distributor.token, body });
    expect(json).toMatchObject({ error_code: 1002, message: `Compte ${phone} introuvable.` });
  }
  const pending = await api.customer();
  await api.database.kysely
    .updateTable('users')
    .set({ status: 'pending_verification' })
    .where('id', '=', pending.userId)
    .execute();
  const body = { amount: 1_000, telephone_client: pending.phone };
  const refused = await api.post('/api/ompay/deposit', { token: distributor.token, body });
  expect(refused.json.error_code).toBe(1002);
});

test.each([100.5, '"1000"', '"1e3"', 0, -5, 99, 1_000_001, null, true, '1e400'])(
  'an amount of %s is refused',
  async (amount) => {
    const sender = await api.customer();
    const body = `{"recipient_telephone": "771234567", "amount": ${amount}}`;
    const { statusCode } = await api.post('/api/ompay/transfer', { token: sender.token, body });
    expect(statusCode).toBe(422);
  },
);

test('refusals of the ledger come with their own names', async () => {
  const [sender, receiver] = [await fundedCustomer(1_000), await api.customer()];
  const toHimself = await transfer(sender, sender, { amount: 100 });
  expect([toHimself.statusCode, toHimself.json.code]).toEqual([422, 'meme_compte']);
  const tooMuch = await transfer(sender, receiver, { amount: 1_000 });
  expect(tooMuch.json).toMatchObject({
    error_code: 1001,
    message: 'Solde insuffisant pour cette opération.',
  });
  const body = { amount: 200_000, telephone_client: sender.phone };
  const ceiling = await api.post('/api/ompay/deposit', { token: distributor.token, body });
  expect(['plafond_solde', 'plafond_periode']).toContain(ceiling.json.code);
  expect(ceiling.statusCode).toBe(422);
});

test('only his own account is shown to a user', async () => {
  const [customer, other] = [await api.customer(), await api.customer()];
  const { json } = await api.get('/api/ompay/balance', { token: customer.token });
  const own = await api.get(`/api/ompay/balance?compteId=${json.data.compte_id}`, { token: customer.token });
  expect(own.json.data.numero_compte).toBe(json.data.numero_compte);
  const foreign = await api.get(`/api/ompay/balance?compteId=${json.data.compte_id}`, { token: other.token });
  expect(foreign.json).toMatchObject({
    error_code: 1002,
    message: `Compte ${json.data.compte_id} introuvable.`,
  });
});

test('the same key and body give the same bytes and move the money once', async () => {
  const [sender, receiver] = [await fundedCustomer(20_000), await api.customer()];
  const first = await transfer(sender, receiver, { amount: 5_000, key: 'loyer-1' });
  expect(first.headers).not.toHaveProperty('idempotent-replayed');
  const again = await transfer(sender, receiver, { amount: 5_000, key: 'loyer-1' });
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect([again.statusCode, again.body]).toEqual([first.statusCode, first.body]);
  expect(await balanceOf(receiver)).toBe(5_000);
});

test('the order of names in the body, and the language, do not make another request', async () => {
  const [sender, receiver] = [await fundedCustomer(20_000), await api.customer()];
  const post = (body: string, headers: Record<string, string>) =>
    api.post('/api/ompay/transfer', { token: sender.token, key: 'ordre', body, headers });
  const first = await post(`{"amount": 500, "recipient_telephone": "${receiver.phone}"}`, {});
  const again = await post(`{"recipient_telephone":"${receiver.phone}","amount":500}`, {
    'accept-language': 'en',
  });
  expect(again.body).toBe(first.body);
});

test('a key with another body, or at another route, is refused', async () => {
  const [sender, receiver] = [await fundedCustomer(20_000), await api.customer()];
  await transfer(sender, receiver, { amount: 5_000, key: 'k' });
  const other = await transfer(sender, receiver, { amount: 5_001, key: 'k' });
  expect([other.statusCode, other.json.code]).toEqual([422, 'cle_idempotence_reutilisee']);
  const body = { amount: 500, telephone_client: sender.phone };
  const deposit = () => api.post('/api/ompay/deposit', { token: distributor.token, body, key: 'route' });
  expect((await deposit()).statusCode).toBe(200);
  const withdrawal = await api.post('/api/ompay/withdraw', { token: distributor.token, body, key: 'route' });
  expect(withdrawal.statusCode).toBe(422);
});

test('two users may choose the same key', async () => {
  const [first, second] = [await fundedCustomer(5_000), await fundedCustomer(5_000)];
  const answers = [
    await transfer(first, second, { amount: 1_000, key: 'commun' }),
    await transfer(second, first, { amount: 1_000, key: 'commun' }),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
});

test('the same key at the same moment is in progress, and later replayed', async () => {
  const [sender, receiver] = [await fundedCustomer(5_000), await api.customer()];
  const answers = await Promise.all([
    transfer(sender, receiver, { amount: 1_000, key: 'double' }),
    transfer(sender, receiver, { amount: 1_000, key: 'double' }),
  ]);
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 409]);
  const busy = answers.find(({ statusCode }) => statusCode === 409);
  expect([busy?.json.code, busy?.headers['retry-after']]).toEqual(['operation_en_cours', '1']);
  const later = await transfer(sender, receiver, { amount: 1_000, key: 'double' });
  expect([later.statusCode, later.headers['idempotent-replayed']]).toEqual([200, 'true']);
});

test('a refusal is kept under its key, in the format of its first time', async () => {
  const [sender, receiver] = [await fundedCustomer(500), await api.customer()];
  const post = (headers: Record<string, string>) =>
    api.post('/api/ompay/transfer', {
      token: sender.token,
      key: 'refus',
      body: { recipient_telephone: receiver.phone, amount: 1_000 },
      headers,
    });
  const first = await post({ accept: 'application/problem+json' });
  await fund(api, distributor, sender, 10_000);
  const again = await post({});
  expect([again.statusCode, again.body]).toEqual([400, first.body]);
  expect(again.headers['content-type']).toContain('application/problem+json');
});

test('an unknown receiver is refused under the key too', async () => {
  const sender = await fundedCustomer(5_000);
  const stranger = { ...sender, phone: '764444444' };
  const first = await transfer(sender, stranger, { amount: 1_000, key: 'inconnu' });
  const again = await transfer(sender, stranger, { amount: 1_000, key: 'inconnu' });
  expect([first.statusCode, again.body]).toEqual([404, first.body]);
});

test.each([
  ['empty', ''],
  ['of 256 characters', 'k'.repeat(256)],
  ['not ASCII', 'clé'],
])('a key that is %s is refused', async (_what, key) => {
  const [sender, receiver] = [await api.customer(), await api.customer()];
  const { statusCode, json } = await transfer(sender, receiver, { amount: 1_000, key });
  expect([statusCode, Object.keys(json.errors)]).toEqual([422, ['idempotency-key']]);
});

test('the longest key is taken', async () => {
  const [sender, receiver] = [await fundedCustomer(5_000), await api.customer()];
  expect((await transfer(sender, receiver, { amount: 1_000, key: 'k'.repeat(255) })).statusCode).toBe(200);
});

test('a key outlives the process: another one on the same database replays it', async () => {
  const [sender, receiver] = [await fundedCustomer(5_000), await api.customer()];
  const first = await transfer(sender, receiver, { amount: 1_000, key: 'survie' });
  const { database, clock } = api;
  const ledger = createLedger({
    db: database,
    clock,
    sealMessage: (body) => body,
    onBatch: () => {},
    onError: () => {},
  });
  const restarted = buildServer({ ...api.foundations, ledger });
  const response = await restarted.inject({
    method: 'POST',
    url: '/api/ompay/transfer',
    headers: { authorization: `Bearer ${sender.token}`, 'idempotency-key': 'survie' },
    payload: { recipient_telephone: receiver.phone, amount: 1_000 },
  });
  await restarted.close();
  await ledger.close();
  expect(response.body).toBe(first.body);
  expect(response.headers['idempotent-replayed']).toBe('true');
});

test('a user moves money sixty times a minute, and is told when to go on', async () => {
  const [sender, receiver] = [await fundedCustomer(100_000), await api.customer()];
  const answers: Answer[] = [];
  for (let count = 0; count < 61; count += 1) answers.push(await transfer(sender, receiver, { amount: 100 }));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([
    ...Array.from({ length: 60 }, () => 200),
    429,
  ]);
  const [first, last] = [answers[0], answers[60]];
  expect([first?.headers['ratelimit-limit'], first?.headers['ratelimit-remaining']]).toEqual(['60', '59']);
  expect(last?.headers['ratelimit-remaining']).toBe('0');
  expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(last?.headers['ratelimit-reset'])).toBeLessThanOrEqual(60);
  expect(last?.json.code).toBe('trop_de_demandes');
});
