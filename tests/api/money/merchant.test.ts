import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeExpired } from '../../../src/api/housekeeping.ts';
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
let merchant: Merchant;
beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
  merchant = await api.merchant();
});
afterAll(() => api.close());

async function fundedCustomer(amount: number): Promise<Person> {
  const person = await api.customer();
  await fund(api, distributor, person, amount);
  return person;
}

function pay(payer: Person, body: object, key?: string): Promise<Answer> {
  return api.post('/api/paiement/marchand', {
    token: payer.token,
    body,
    ...(key === undefined ? {} : { key }),
  });
}

async function newQr(of: Person, body: object = {}): Promise<string> {
  const { statusCode, json } = await api.post('/api/marchand/generate-qr', { token: of.token, body });
  expect(statusCode).toBe(201);
  return json.data.code_qr;
}

async function balanceOf(person: Person): Promise<number> {
  return (await api.get('/api/ompay/balance', { token: person.token })).json.data.solde;
}

test('a merchant is paid by its code, without a fee, and is told by SMS', async () => {
  const payer = await fundedCustomer(10_000);
  const before = await balanceOf(merchant);
  const { statusCode, json } = await pay(payer, { code_marchand: merchant.codeMarchand, montant: 2_500 });
  expect([statusCode, json.message, json.data.solde_client]).toEqual([200, 'Paiement réussi.', 7_500]);
  const shared = { type: 'paiement', montant: 2_500, frais: 0, statut: 'reussi' };
  expect(json.data.debit_transaction).toMatchObject({ ...shared, sens: 'debit' });
  expect(json.data.credit_transaction).toMatchObject({ ...shared, sens: 'credit' });
  expect(await balanceOf(merchant)).toBe(before + 2_500);
  expect((await api.smsTo(`+221${merchant.phone}`)).at(-1)).toBe(
    `OMPAY : paiement de 2500 FCFA reçu du ${payer.phone}. Nouveau solde : ${before + 2_500} FCFA. Réf. ${json.data.reference}.`,
  );
});

test('what a pending withdrawal holds is not in the balance that the payer is told', async () => {
  const payer = await fundedCustomer(10_000);
  await api.post('/api/ompay/withdraw', { token: payer.token, body: { amount: 3_000 } });
  const { json } = await pay(payer, { code_marchand: merchant.codeMarchand, montant: 1_000 });
  expect(json.data.solde_client).toBe(6_000);
  expect(await balanceOf(payer)).toBe(6_000);
});

test('a merchant pays another, but not itself', async () => {
  const other = await api.merchant();
  await fund(api, distributor, merchant, 1_000);
  expect((await pay(merchant, { code_marchand: other.codeMarchand, montant: 1_000 })).statusCode).toBe(200);
  const own = await pay(merchant, { code_marchand: merchant.codeMarchand, montant: 1_000 });
  expect([own.statusCode, own.json.code]).toEqual([422, 'meme_compte']);
  const ownQr = await pay(merchant, { code_qr: await newQr(merchant, { montant: 1_000 }) });
  expect([ownQr.statusCode, ownQr.json.code]).toEqual([422, 'meme_compte']);
});

test('a code that nobody has, or whose merchant is suspended, is not found in the same words', async () => {
  const [payer, gone] = [await fundedCustomer(5_000), await api.merchant()];
  const qr = await newQr(gone, { montant: 500 });
  const suspended = { status: 'suspended' } as const;
  await api.database.kysely.updateTable('users').set(suspended).where('id', '=', gone.userId).execute();
  for (const code of ['MCH000000', gone.codeMarchand]) {
    const { statusCode, json } = await pay(payer, { code_marchand: code, montant: 500 });
    expect([statusCode, json.error_code, json.message]).toEqual([404, 1002, `Compte ${code} introuvable.`]);
  }
  expect((await pay(payer, { code_qr: qr })).json.code).toBe('qr_introuvable');
  expect((await api.get(`/api/qr/${qr}`, { token: payer.token })).json.code).toBe('qr_introuvable');
});

test('the ledger judges funds and ceilings, and a distributor pays no merchant', async () => {
  const payer = await fundedCustomer(200_000);
  const paid = { code_marchand: merchant.codeMarchand, montant: 150_000 };
  expect((await pay(payer, paid)).statusCode).toBe(200);
  expect((await pay(payer, paid)).json.code).toBe('solde_insuffisant');
  const staff = await pay(distributor, paid);
  expect([staff.statusCode, staff.json.code]).toEqual([403, 'reserve_client']);
});

test.each([
  [{ montant: 500 }, 'code_marchand'],
  [{ code_marchand: 'MCHABC123' }, 'montant'],
  [{ code_marchand: 'MCHABC123', code_qr: `QR${'0'.repeat(20)}`, montant: 500 }, 'code_qr'],
  [{ code_marchand: 'mchabc123', montant: 500 }, 'code_marchand'],
  [{ code_marchand: 'MCHABC123', montant: 99 }, 'montant'],
  [{ code_marchand: 'MCHABC123', montant: 1_000_001 }, 'montant'],
  [{ code_marchand: 'MCHABC123', montant: 100.5 }, 'montant'],
  [{ code_qr: 'QR1' }, 'code_qr'],
])('%j is refused at %s', async (body, field) => {
  const { statusCode, json } = await pay(await api.customer(), body);
  expect([statusCode, Object.keys(json.errors)]).toEqual([422, [field]]);
});

test('a QR code tells who asks for how much and until when, and is good for one payment', async () => {
  const payer = await fundedCustomer(10_000);
  const made = await api.post('/api/marchand/generate-qr', {
    token: merchant.token,
    body: { montant: 1_500 },
  });
  const shown = await api.get(`/api/qr/${made.json.data.code_qr}`, { token: payer.token });
  expect(shown.json.data).toEqual(made.json.data);
  expect(shown.json.data).toMatchObject({
    nom_marchand: 'Awa Diop',
    code_marchand: merchant.codeMarchand,
    montant: 1_500,
  });
  const paid = await pay(payer, { code_qr: made.json.data.code_qr });
  expect(paid.json.data.solde_client).toBe(8_500);
  const again = await pay(payer, { code_qr: made.json.data.code_qr });
  expect([again.statusCode, again.json.code]).toEqual([409, 'qr_deja_utilise']);
  const seen = await api.get(`/api/qr/${made.json.data.code_qr}`, { token: payer.token });
  expect([seen.statusCode, seen.json.code]).toEqual([409, 'qr_deja_utilise']);
  expect(await balanceOf(payer)).toBe(8_500);
});

test('a QR code without an amount leaves it to the payer; one with an amount takes no other', async () => {
  const payer = await fundedCustomer(10_000);
  const open = await newQr(merchant);
  expect((await pay(payer, { code_qr: open })).json.errors).toEqual({
    montant: ['Ce champ est obligatoire.'],
  });
  expect((await pay(payer, { code_qr: open, montant: 700 })).json.data.solde_client).toBe(9_300);
  const fixed = await newQr(merchant, { montant: 800 });
  const other = await pay(payer, { code_qr: fixed, montant: 700 });
  expect(other.json.errors).toEqual({ montant: ['Le montant est celui du code QR.'] });
  expect((await pay(payer, { code_qr: fixed, montant: 800 })).json.data.solde_client).toBe(8_500);
});

test('a QR code is good for five minutes, and no longer', async () => {
  const payer = await fundedCustomer(10_000);
  const [late, inTime] = [await newQr(merchant, { montant: 500 }), await newQr(merchant, { montant: 500 })];
  api.clock.pass(4 * 60_000);
  expect((await pay(payer, { code_qr: inTime })).statusCode).toBe(200);
  api.clock.pass(60_000);
  expect((await pay(payer, { code_qr: late })).json.code).toBe('qr_introuvable');
  expect((await api.get(`/api/qr/${late}`, { token: payer.token })).statusCode).toBe(404);
  const unknown = `QR${'0'.repeat(20)}`;
  const { statusCode, json } = await pay(payer, { code_qr: unknown });
  expect([statusCode, json.code, json.message]).toEqual([
    404,
    'qr_introuvable',
    'Code QR introuvable ou expiré.',
  ]);
  expect((await api.get(`/api/qr/${unknown}`, { token: payer.token })).json.message).toBe(json.message);
});

test('a payment that is refused leaves the code good', async () => {
  const [poor, rich] = [await fundedCustomer(100), await fundedCustomer(10_000)];
  const qr = await newQr(merchant, { montant: 5_000 });
  expect((await pay(poor, { code_qr: qr })).json.code).toBe('solde_insuffisant');
  expect((await pay(rich, { code_qr: qr })).statusCode).toBe(200);
});

test('a repeat under its key is answered as the first time, after the code has expired too', async () => {
  const payer = await fundedCustomer(10_000);
  const qr = await newQr(merchant, { montant: 500 });
  const first = await pay(payer, { code_qr: qr }, 'caisse-7');
  const other = await pay(payer, { code_qr: qr }, 'caisse-8');
  expect([first.statusCode, other.statusCode]).toEqual([200, 409]);
  api.clock.pass(6 * 60_000);
  const again = await pay(payer, { code_qr: qr }, 'caisse-7');
  expect([again.body, again.headers['idempotent-replayed']]).toEqual([first.body, 'true']);
  expect((await pay(payer, { code_qr: qr }, 'caisse-8')).body).toBe(other.body);
});

test('only merchants make codes', async () => {
  for (const person of [await api.customer(), distributor]) {
    const answer = await api.post('/api/marchand/generate-qr', { token: person.token, body: {} });
    expect([answer.statusCode, answer.json.code]).toEqual([403, 'reserve_marchand']);
  }
});

test('a payment asks for the PIN, and a wrong one leaves the code good', async () => {
  const payer = await fundedCustomer(10_000);
  await api.post('/api/auth/set-pin', { token: payer.token, body: { pin: '4826', password: PASSWORD } });
  const code_qr = await newQr(merchant, { montant: 500 });
  const answers = [
    await pay(payer, { code_qr }),
    await pay(payer, { code_qr, pin: '0007' }),
    await pay(payer, { code_qr, pin: '4826' }),
  ];
  expect(answers.map(({ statusCode, json }) => [statusCode, json.code])).toEqual([
    [403, 'pin_requis'],
    [403, 'pin_invalide'],
    [200, undefined],
  ]);
});

test('expired codes are removed after a day, and what was paid by one stays known', async () => {
  const payer = await fundedCustomer(10_000);
  const [paid, unpaid] = [await newQr(merchant, { montant: 500 }), await newQr(merchant, { montant: 500 })];
  await pay(payer, { code_qr: paid });
  const { kysely } = api.database;
  const kept = async (): Promise<ReadonlySet<string>> => {
    const rows = kysely.selectFrom('qr_codes').select('code').where('code', 'in', [paid, unpaid]);
    return new Set((await rows.execute()).map(({ code }) => code));
  };
  api.clock.pass(23 * 3_600_000);
  await removeExpired(api.database, api.clock.now());
  expect(await kept()).toEqual(new Set([paid, unpaid]));
  api.clock.pass(2 * 3_600_000);
  await removeExpired(api.database, api.clock.now());
  expect(await kept()).toEqual(new Set());
  const claims = kysely.selectFrom('transfer_claims').select('claim').where('claim', '=', `qr:${paid}`);
  expect(await claims.execute()).toHaveLength(1);
});
