import { afterAll, beforeAll, expect, test } from 'vitest';
import { registration, startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

test('a known phone number or id card is refused with 409, each by its name', async () => {
  const { phone } = await api.customer();
  const samePhone = await api.post('/api/auth/register', {
    body: { ...registration(phone), cni: 'CD123456789' },
  });
  expect(samePhone.json).toMatchObject({ code: 'telephone_deja_utilise', error_code: 2006 });
  const sameCard = { ...registration('789999999'), cni: `ab${phone}` };
  const answer = await api.post('/api/auth/register', { body: sameCard });
  expect(answer.statusCode).toBe(409);
  expect(answer.json).toMatchObject({ code: 'cni_deja_utilisee', error_code: 2007 });
  expect(await api.smsTo('+221789999999')).toEqual([]);
});

test('a merchant gets a code of its own', async () => {
  await api.post('/api/auth/register', { body: { ...registration('760000001'), type_compte: 'marchand' } });
  const account = await api.database.kysely
    .selectFrom('accounts')
    .innerJoin('users', 'users.id', 'accounts.user_id')
    .select(['kind', 'code_marchand', 'numero'])
    .where('telephone', '=', '+221760000001')
    .executeTakeFirstOrThrow();
  expect(account).toEqual({
    kind: 'merchant',
    code_marchand: expect.stringMatching(/^MCH[A-Z0-9]{6}$/),
    numero: expect.stringMatching(/^OM\d{8}$/),
  });
});

test.each([
  ['password_confirmation', { password_confirmation: 'autre-chose' }],
  ['date_naissance', { date_naissance: '2999-01-01' }],
  ['date_naissance', { date_naissance: '1899-12-31' }],
  ['date_naissance', { date_naissance: '1990-02-30' }],
  ['telephone', { telephone: '791234567' }],
  ['telephone', { telephone: '77123456' }],
  ['cni', { cni: 'A1234567890' }],
  ['password', { password: 'court12', password_confirmation: 'court12' }],
  ['sexe', { sexe: 'homme' }],
  ['nom', { nom: '   ' }],
  ['type_compte', { type_compte: 'admin' }],
])('a registration with a wrong %s is refused at that field (%j)', async (field, change) => {
  const answer = await api.post('/api/auth/register', { body: { ...registration('765555555'), ...change } });
  expect(answer.statusCode).toBe(422);
  expect(Object.keys(answer.json.errors)).toEqual([field]);
});

test('a number can be tried at registration five times a minute', async () => {
  const { phone } = await api.customer();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    statuses.push((await api.post('/api/auth/register', { body: registration(phone) })).statusCode);
  }
  // The sixth of the minute is the fifth here: the customer's own registration counted.
  expect(statuses).toEqual([409, 409, 409, 409, 429, 429]);
});
