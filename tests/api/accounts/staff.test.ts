import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDistributor } from '../../../src/api/accounts/distributor.ts';
import { identifyCustomer } from '../../../src/api/accounts/identify.ts';
import { openAccount } from '../../../src/api/accounts/open.ts';
import { ensureProbeAccounts } from '../../../src/api/accounts/probe.ts';
import { type StaffTools, supplyFloat } from '../../../src/api/accounts/staff.ts';
import { createPasswordHasher } from '../../../src/api/auth/passwords.ts';
import { Secret } from '../../../src/core/secret.ts';
import { fund, PASSWORD, startApi, type TestApi } from '../../fixtures/api.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

let api: TestApi;
let tools: StaffTools;
beforeAll(async () => {
  api = await startApi();
  const { database, ledger, clock } = api;
  tools = { database, ledger, clock, passwords: createPasswordHasher(), staff: 'awa@siege' };
});
afterAll(() => api.close());

const REQUEST = {
  telephone: '751000000',
  nom: 'Kiosque',
  password: new Secret(PASSWORD),
  floatXof: 1_000_000,
};

async function balanceOf(accountId: string): Promise<number> {
  const { balance } = await api.database.kysely
    .selectFrom('accounts')
    .select('balance')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow();
  return balance;
}

async function loginStatus(telephone: string, password: string): Promise<number> {
  return (await api.post('/api/auth/login', { body: { telephone, password } })).statusCode;
}

test('a distributor is made once, with its float, whatever the form of its number', async () => {
  const made = await createDistributor(tools, REQUEST);
  expect(made).toMatchObject({
    created: true,
    telephone: '751000000',
    numero: expect.stringMatching(/^OM\d{8}$/),
  });
  const again = await createDistributor(tools, { ...REQUEST, telephone: '+221751000000', floatXof: 7 });
  expect(again).toEqual({ ...made, created: false });
  expect(await balanceOf(made.accountId)).toBe(1_000_000);
  expect(await loginStatus('751000000', PASSWORD)).toBe(200);
});

test.each([
  ['number', { telephone: '331234567' }],
  ['password', { password: new Secret('court') }],
  ['password', { password: new Secret('x'.repeat(129)) }],
  ['float', { floatXof: 0 }],
  ['float', { floatXof: 1.5 }],
])('a distributor with a wrong %s is refused', async (what, change) => {
  const error = await ompayErrorOf(() => createDistributor(tools, { ...REQUEST, ...change }));
  expect(error.code).toBe('usage');
  expect(error.message).toContain(what);
});

test("a customer's number is refused for a distributor", async () => {
  const { phone } = await api.customer();
  const error = await ompayErrorOf(() => createDistributor(tools, { ...REQUEST, telephone: phone }));
  expect(error.message).toBe('the phone number belongs to a customer account, not a distributor');
});

test('a float that the ledger refuses is an error', async () => {
  const error = await ompayErrorOf(() =>
    supplyFloat(api.ledger, { accountId: 'nobody', amountXof: 1, key: 'float:nobody' }),
  );
  expect(error).toMatchObject({ code: 'internal', message: expect.stringContaining('done') });
  const busy = await Promise.allSettled(
    [1, 2].map(() => supplyFloat(api.ledger, { accountId: 'x', amountXof: 1, key: 'k' })),
  );
  expect(busy.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('probe accounts are the same at every call, and can log in', async () => {
  const probes = { ...tools, application: api.settings };
  const first = await ensureProbeAccounts(probes);
  const second = await ensureProbeAccounts(probes);
  expect(first.phones).toEqual({ sender: '700000001', receiver: '700000002', distributor: '700000003' });
  expect(second.phones).toEqual(first.phones);
  expect(second.password.reveal()).toBe(first.password.reveal());
  expect(await loginStatus(first.phones.sender, first.password.reveal())).toBe(200);
  const levels = await api.database.kysely
    .selectFrom('users')
    .select('telephone')
    .where('kyc_level', '=', 'probe')
    .execute();
  expect(levels).toHaveLength(3);
});

test('a new APP_KEY gives the probes its password, and their float is supplied at most once a day', async () => {
  const probes = { ...tools, application: api.settings };
  const before = await ensureProbeAccounts(probes);
  const rotated = await ensureProbeAccounts({
    ...tools,
    application: { key: new Secret(Buffer.alloc(32, 9).toString('base64')), otherKeys: [] },
  });
  expect(rotated.password.reveal()).not.toBe(before.password.reveal());
  expect(await loginStatus(rotated.phones.receiver, rotated.password.reveal())).toBe(200);
  expect(await loginStatus(rotated.phones.receiver, before.password.reveal())).toBe(401);
  const [distributor] = await api.database.kysely
    .selectFrom('accounts')
    .innerJoin('users', 'users.id', 'accounts.user_id')
    .select('accounts.id')
    .where('telephone', '=', '+221700000003')
    .execute();
  expect(await balanceOf(String(distributor?.id))).toBe(10_000_000);
});

test("whatever others tried with the probes' public numbers, the next smoke test can log in", async () => {
  const probes = { ...tools, application: api.settings };
  const { phones, password } = await ensureProbeAccounts(probes);
  const { phone: other } = await api.customer();
  const requestOtp = async (telephone: string) =>
    (await api.post('/api/auth/request-otp', { body: { telephone } })).statusCode;
  for (const phone of [...Object.values(phones), other]) {
    for (let tries = 0; tries < 5; tries += 1) await loginStatus(phone, 'devine');
    await requestOtp(phone);
  }
  // As if each had asked for the thousand codes an hour that a probe may.
  await api.database.kysely.updateTable('attempt_counters').set({ count: 1000 }).execute();
  expect(await loginStatus(phones.sender, password.reveal())).toBe(429);
  expect(await requestOtp(phones.sender)).toBe(429);

  await ensureProbeAccounts(probes);
  for (const phone of Object.values(phones)) {
    expect(await loginStatus(phone, password.reveal())).toBe(200);
    expect(await requestOtp(phone)).toBe(200);
  }
  expect([await loginStatus(other, PASSWORD), await requestOtp(other)]).toEqual([429, 429]);
});

test('what a smoke test left pending is voided, also where no migration has brought operations yet', async () => {
  const probes = { ...tools, application: api.settings };
  const { phones, password } = await ensureProbeAccounts(probes);
  const { json } = await api.post('/api/auth/login', {
    body: { telephone: phones.sender, password: password.reveal() },
  });
  const { access_token: token } = json.data;
  const opened = await api.post('/api/ompay/deposit', { token, body: { amount: 100 } });
  const { reference } = opened.json.data;
  await ensureProbeAccounts(probes);
  const shown = await api.get(`/api/ompay/transactions/reference/${reference}`, { token });
  expect(shown.json.data.transaction.statut).toBe('annule');
  const { dialect } = tools.database;
  const before = { ...tools.database, dialect: { ...dialect, hasTable: async () => false } };
  expect((await ensureProbeAccounts({ ...probes, database: before })).phones).toEqual(phones);
});

test('people and probes are nobody to each other', async () => {
  const { phones } = await ensureProbeAccounts({ ...tools, application: api.settings });
  const [distributor, customer] = [await api.distributor(), await api.customer()];
  await fund(api, distributor, customer, 1_000);
  const named = { amount: 100, telephone_client: phones.sender };
  const answers = [
    await api.post('/api/ompay/deposit', { token: distributor.token, body: named }),
    await api.post('/api/ompay/withdraw', { token: distributor.token, body: named }),
    await api.post('/api/ompay/transfer', {
      token: customer.token,
      body: { amount: 100, recipient_telephone: phones.sender },
    }),
  ];
  expect(answers.map(({ json }) => json.code)).toEqual(answers.map(() => 'compte_introuvable'));
});

test("an id card that staff has seen raises a customer's limits", async () => {
  const person = await api.customer();
  await identifyCustomer(tools, person.phone);
  await identifyCustomer(tools, person.phone);
  const distributor = await api.distributor();
  const body = { amount: 1_500_000, telephone_client: person.phone };
  expect((await api.post('/api/ompay/deposit', { token: distributor.token, body })).statusCode).toBe(200);
  for (const telephone of ['769999999', distributor.phone]) {
    expect((await ompayErrorOf(() => identifyCustomer(tools, telephone))).code).toBe('notFound');
  }
});

test('without a free account number nothing is opened', async () => {
  const { database, clock } = api;
  const user = {
    nom: 'A',
    prenom: 'B',
    telephone: '+221755555555',
    password_hash: 'x',
    cni: null,
    sexe: null,
    date_naissance: null,
    status: 'active',
    kyc_level: 'unidentified',
  } as const;
  const dialect: typeof database.dialect = {
    ...database.dialect,
    insertIfAbsent: async (connection, table, row) =>
      table === 'users' && database.dialect.insertIfAbsent(connection, table, row),
  };
  const opening = { user, kind: 'customer', now: clock.now() } as const;
  await expect(database.transaction((trx) => openAccount(dialect, trx, opening))).rejects.toThrow(
    'no free account number in 8 tries',
  );
  expect(
    await database.kysely.selectFrom('users').selectAll().where('telephone', '=', user.telephone).execute(),
  ).toEqual([]);
});
