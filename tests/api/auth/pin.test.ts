import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetPin } from '../../../src/api/accounts/forget-pin.ts';
import type { TableName } from '../../../src/api/db/dialect.ts';
import { fingerprintOf } from '../../../src/api/money/fingerprint.ts';
import { deriveKeys } from '../../../src/api/services.ts';
import { type Answer, fund, PASSWORD, type Person, startApi, type TestApi } from '../../fixtures/api.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

let api: TestApi;
let distributor: Person;
beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
});
afterAll(() => api.close());

const PIN = '4826';
const MINUTES_MS = 60_000;

function setPin(person: Person, pin: unknown, password = PASSWORD): Promise<Answer> {
  return api.post('/api/auth/set-pin', { token: person.token, body: { pin, password } });
}

function changePin(person: Person, old_pin: string, new_pin: string): Promise<Answer> {
  return api.post('/api/auth/change-pin', { token: person.token, body: { old_pin, new_pin } });
}

async function guarded(amount = 20_000): Promise<Person> {
  const person = await api.customer();
  await fund(api, distributor, person, amount);
  expect((await setPin(person, PIN)).statusCode).toBe(200);
  return person;
}

async function renew(person: Person): Promise<Person> {
  const body = { refresh_token: person.refreshToken };
  const { json } = await api.post('/api/auth/refresh', { body });
  return { ...person, token: json.data.access_token };
}

interface Sending {
  readonly pin?: unknown;
  readonly header?: string;
  readonly key?: string;
}

function send(from: Person, to: Person, { pin, header, key }: Sending): Promise<Answer> {
  return api.post('/api/ompay/transfer', {
    token: from.token,
    body: { recipient_telephone: to.phone, amount: 1_000, ...(pin === undefined ? {} : { pin }) },
    ...(header === undefined ? {} : { headers: { 'x-pin': header } }),
    ...(key === undefined ? {} : { key }),
  });
}

function codes(answers: readonly Answer[]): readonly unknown[] {
  return answers.map(({ statusCode, json }) => (statusCode === 200 ? 200 : json.code));
}

test.each(['0000', '1111', '1234', '4321'])('%s is too easy to guess', async (pin) => {
  const person = await api.customer();
  const { statusCode, json } = await setPin(person, pin);
  expect([statusCode, json.errors]).toEqual([422, { pin: ['Ce code PIN est trop facile à deviner.'] }]);
  expect((await setPin(person, PIN)).statusCode).toBe(200);
  const changed = await changePin(person, PIN, pin);
  expect([changed.statusCode, Object.keys(changed.json.errors)]).toEqual([422, ['new_pin']]);
});

test.each(['482', '48260', '48a6', 4826, ''])('%j has not the form of a PIN', async (pin) => {
  const { statusCode, json } = await setPin(await api.customer(), pin);
  expect([statusCode, json.errors]).toEqual([422, { pin: ['Le code PIN a quatre chiffres.'] }]);
});

test('a PIN is set against the password, once, and its user is told by SMS', async () => {
  const person = await api.customer();
  const me = async (): Promise<boolean> =>
    (await api.get('/api/auth/me', { token: person.token })).json.data.pin_defini;
  const wrong = await setPin(person, PIN, 'pas-le-bon');
  expect([wrong.statusCode, wrong.json.code]).toEqual([401, 'identifiants_invalides']);
  expect(await me()).toBe(false);
  expect((await setPin(person, PIN)).statusCode).toBe(200);
  expect(await me()).toBe(true);
  expect((await api.smsTo(`+221${person.phone}`)).at(-1)).toContain('votre code PIN a été défini');
  const again = await setPin(person, '9351');
  expect([again.statusCode, again.json.code]).toEqual([409, 'pin_deja_defini']);
});

test('wrong passwords at set-pin lock the number, at login too', async () => {
  const person = await api.customer();
  for (let count = 0; count < 5; count += 1) await setPin(person, PIN, 'pas-le-bon');
  expect((await setPin(person, PIN)).json.code).toBe('compte_verrouille');
  const login = { telephone: person.phone, password: PASSWORD };
  expect((await api.post('/api/auth/login', { body: login })).statusCode).toBe(429);
});

test('of two first PINs at once one is set', async () => {
  const person = await api.customer();
  const answers = await Promise.all([setPin(person, PIN), setPin(person, '9351')]);
  expect(codes(answers).toSorted()).toEqual([200, 'pin_deja_defini']);
});

test('without a PIN money moves as before, and a given one is not looked at', async () => {
  const [person, friend] = [await api.customer(), await api.customer()];
  await fund(api, distributor, person, 5_000);
  expect(codes([await send(person, friend, {}), await send(person, friend, { pin: PIN })])).toEqual([
    200, 200,
  ]);
});

test('once it is set, money moves with it alone, as a field or a header', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  const missing = await send(person, friend, {});
  expect([missing.statusCode, missing.json.error_code]).toEqual([403, 2010]);
  const answers = [
    missing,
    await send(person, friend, { pin: '4827' }),
    await send(person, friend, { header: '4827' }),
    await send(person, friend, { pin: PIN }),
    await send(person, friend, { header: PIN }),
  ];
  expect(codes(answers)).toEqual(['pin_requis', 'pin_invalide', 'pin_invalide', 200, 200]);
  const malformed = await send(person, friend, { header: '48267' });
  expect(malformed.json.errors).toEqual({ 'x-pin': ['Le code PIN a quatre chiffres.'] });
});

test('the fifth wrong PIN locks for 15 minutes, the right one too, and then it counts anew', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  const guesses = await Promise.all(Array.from({ length: 8 }, () => send(person, friend, { pin: '0007' })));
  expect(codes(guesses).filter((code) => code === 'pin_invalide')).toHaveLength(5);
  const locked = await send(person, friend, { pin: PIN });
  expect([locked.statusCode, locked.json.code]).toEqual([429, 'pin_verrouille']);
  const waitS = Number(locked.headers['retry-after']);
  expect([waitS > 800, waitS <= 900]).toEqual([true, true]);
  expect((await changePin(person, PIN, '9351')).json.code).toBe('pin_verrouille');
  api.clock.pass(15 * MINUTES_MS);
  // Access tokens live as long as the lock.
  distributor = await api.distributor();
  const renewed = await renew(person);
  const later = [await send(renewed, friend, { pin: '0007' }), await send(renewed, friend, { pin: PIN })];
  expect(codes(later)).toEqual(['pin_invalide', 200]);
});

test('a right PIN forgets the wrong ones before it', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  for (let round = 0; round < 2; round += 1) {
    for (let count = 0; count < 4; count += 1) await send(person, friend, { pin: '0007' });
    expect(codes([await send(person, friend, { pin: PIN })])).toEqual([200]);
  }
});

test('wrong PINs count for their user alone, and outlive the process', async () => {
  const [person, other] = [await guarded(), await guarded()];
  for (let count = 0; count < 5; count += 1) await send(person, other, { pin: '0007' });
  expect(codes([await send(other, person, { pin: PIN })])).toEqual([200]);
  const counters = await api.database.kysely
    .selectFrom('attempt_counters')
    .select('count')
    .where('counter_key', 'like', 'pin:%')
    .where('count', '=', 5)
    .execute();
  expect(counters.length).toBeGreaterThan(0);
});

test('ten right PINs at once are all right', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  const answers = await Promise.all(Array.from({ length: 10 }, () => send(person, friend, { pin: PIN })));
  expect(codes(answers)).toEqual(Array.from({ length: 10 }, () => 200));
});

test('a PIN is changed against the old one, which is then wrong', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  expect((await changePin(person, '0007', '9351')).json.code).toBe('pin_invalide');
  expect((await changePin(person, PIN, '9351')).statusCode).toBe(200);
  expect((await api.smsTo(`+221${person.phone}`)).at(-1)).toContain('votre code PIN a été modifié');
  expect(
    codes([await send(person, friend, { pin: PIN }), await send(person, friend, { pin: '9351' })]),
  ).toEqual(['pin_invalide', 200]);
});

test('of two changes at once one is made', async () => {
  const person = await guarded();
  const answers = await Promise.all([changePin(person, PIN, '9351'), changePin(person, PIN, '7204')]);
  expect(codes(answers).toSorted()).toEqual([200, 'pin_invalide']);
});

test('there is nothing to change before a PIN is set', async () => {
  const { statusCode, json } = await changePin(await api.customer(), PIN, '9351');
  expect([statusCode, json.code]).toEqual([409, 'pin_non_defini']);
});

test('a repeat under a key asks for the PIN too, is the same request whatever the PIN, and moves nothing', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  const key = 'avec-pin';
  // A wrong PIN is not kept under the key.
  expect(codes([await send(person, friend, { key, pin: '0007' })])).toEqual(['pin_invalide']);
  const first = await send(person, friend, { key, pin: PIN });
  expect(codes([first, await send(person, friend, { key })])).toEqual([200, 'pin_requis']);
  await changePin(person, PIN, '9351');
  for (const repeat of [{ pin: '9351' }, { header: '9351' }]) {
    const again = await send(person, friend, { key, ...repeat });
    expect([again.body, again.headers['idempotent-replayed']]).toEqual([first.body, 'true']);
  }
});

test('the fingerprint under a key is that of the body without the PIN', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  await send(person, friend, { key: 'empreinte', pin: PIN });
  const stored = await api.database.kysely
    .selectFrom('idempotency_keys')
    .select('fingerprint')
    .where('idempotency_key', '=', 'empreinte')
    .executeTakeFirstOrThrow();
  const body = { recipient_telephone: friend.phone, amount: 1_000 };
  const route = { method: 'POST', route: '/api/ompay/transfer' };
  expect(stored.fingerprint).toBe(fingerprintOf({ ...route, body }));
  expect(stored.fingerprint).not.toBe(fingerprintOf({ ...route, body: { ...body, pin: PIN } }));
});

test('neither the log nor a table nor an answer holds a PIN, or a hash of it that needs no key', async () => {
  // Digits that no id, phone number or balance of this test has beside each other at a word's edges.
  const pin = '8647';
  const [person, friend] = [await api.customer(), await api.customer()];
  await fund(api, distributor, person, 5_000);
  const answers = [
    await setPin(person, pin),
    await send(person, friend, { key: 'fuite', pin }),
    await send(person, friend, { header: pin }),
    await changePin(person, pin, '9351'),
  ];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
  const tables: readonly TableName[] = [
    'pins',
    'idempotency_keys',
    'attempt_counters',
    'outbox',
    'transfers',
  ];
  const rows = await Promise.all(
    tables.map((table) => api.database.kysely.selectFrom(table).selectAll().execute()),
  );
  const written = [
    ...api.lines,
    ...rows.map((row) => JSON.stringify(row)),
    ...answers.map(({ body }) => body),
  ];
  for (const text of written) expect(text).not.toMatch(/(?<![\w.-])8647(?![\w.-])/);
  const keyless = createHash('sha256').update(pin).digest('hex');
  expect(written.join()).not.toContain(keyless);
});

test('two users with the same PIN have nothing in common in the table', async () => {
  const [first, second] = [await guarded(), await guarded()];
  const rows = await api.database.kysely
    .selectFrom('pins')
    .selectAll()
    .where('user_id', 'in', [first.userId, second.userId])
    .execute();
  expect(new Set(rows.map(({ salt }) => salt)).size).toBe(2);
  expect(new Set(rows.map(({ pin_hmac }) => pin_hmac)).size).toBe(2);
});

test('no other key of the application is the key of PINs', () => {
  const { pin, ...others } = deriveKeys(api.settings);
  expect(Object.values(others).some(([{ key }]) => key.equals(pin[0].key))).toBe(false);
});

test('staff removes a forgotten PIN, and its user sets another', async () => {
  const [person, friend] = [await guarded(), await api.customer()];
  expect(await forgetPin({ ...api, staff: 'awa@siege' }, person.phone)).toBe(true);
  expect(codes([await send(person, friend, {})])).toEqual([200]);
  expect(await forgetPin({ ...api, staff: 'awa@siege' }, person.phone)).toBe(false);
  expect((await setPin(person, '9351')).statusCode).toBe(200);
  expect(codes([await send(person, friend, { pin: '9351' })])).toEqual([200]);
  expect((await ompayErrorOf(() => forgetPin({ ...api, staff: 'awa@siege' }, '769999999'))).code).toBe(
    'notFound',
  );
});
