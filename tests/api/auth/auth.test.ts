import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, latestOtp, PASSWORD, type Person, startApi, type TestApi } from '../../fixtures/api.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

function login(telephone: string, password: string): Promise<Answer> {
  return api.post('/api/auth/login', { body: { telephone, password } });
}

function verify(telephone: string, otp: string): Promise<Answer> {
  return api.post('/api/auth/verify-otp', { body: { telephone, otp } });
}

function requestOtp(telephone: string): Promise<Answer> {
  return api.post('/api/auth/request-otp', { body: { telephone } });
}

function refresh(refreshToken: string): Promise<Answer> {
  return api.post('/api/auth/refresh', { body: { refresh_token: refreshToken } });
}

function balance(token: string): Promise<Answer> {
  return api.get('/api/ompay/balance', { token });
}

async function setStatus(person: Person, status: 'suspended' | 'active'): Promise<void> {
  await api.database.kysely.updateTable('users').set({ status }).where('id', '=', person.userId).execute();
}

/** A code that is not the live one. */
async function wrongOtp(phone: string): Promise<string> {
  const right = await latestOtp(api, phone);
  return right === '000000' ? '000001' : '000000';
}

/** What a stranger can tell answers apart by. */
function told({ statusCode, json, headers }: Answer): unknown {
  const { request_id: _id, ...body } = json;
  return { statusCode, body, retryAfter: headers['retry-after'] };
}

test('login tells nothing of who is registered: same answers, same lock, same way out', async () => {
  const { phone } = await api.customer();
  const unknown = '769999999';
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const [known, stranger] = [await login(phone, 'pas-le-bon'), await login(unknown, 'pas-le-bon')];
    expect(known.statusCode).toBe(401);
    expect(told(stranger)).toEqual(told(known));
  }
  const [known, stranger] = [await login(phone, PASSWORD), await login(unknown, PASSWORD)];
  expect(known.statusCode).toBe(429);
  expect(known.json).toMatchObject({
    code: 'compte_verrouille',
    message: 'Trop de tentatives. Réessayez dans 15 min.',
  });
  expect(Number(known.headers['retry-after'])).toBeGreaterThan(890);
  expect({ ...known.json, request_id: '' }).toEqual({ ...stranger.json, request_id: '' });
  api.clock.pass(15 * MINUTE_MS);
  expect((await login(phone, PASSWORD)).statusCode).toBe(200);
  expect((await login(unknown, PASSWORD)).statusCode).toBe(401);
});

test('the lock is counted from the last wrong password', async () => {
  const { phone } = await api.customer();
  for (let attempt = 0; attempt < 4; attempt += 1) await login(phone, 'pas-le-bon');
  api.clock.pass(14 * MINUTE_MS);
  await login(phone, 'pas-le-bon');
  api.clock.pass(14 * MINUTE_MS);
  expect((await login(phone, PASSWORD)).statusCode).toBe(429);
  api.clock.pass(MINUTE_MS);
  expect((await login(phone, PASSWORD)).statusCode).toBe(200);
});

test('a right password forgets the wrong ones before it', async () => {
  const { phone } = await api.customer();
  for (let round = 0; round < 2; round += 1) {
    for (let attempt = 0; attempt < 4; attempt += 1) await login(phone, 'pas-le-bon');
    expect((await login(phone, PASSWORD)).statusCode).toBe(200);
  }
});

test('twenty guesses at once are five tries', async () => {
  const { phone } = await api.customer();
  const answers = await Promise.all(Array.from({ length: 20 }, () => login(phone, 'pas-le-bon')));
  expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(5);
  expect(answers.filter(({ statusCode }) => statusCode === 429)).toHaveLength(15);
});

test('asking for a code tells nothing of who is registered, and three an hour are sent', async () => {
  const { phone } = await api.customer();
  const unknown = '768888888';
  const before = (await api.smsTo(`+221${phone}`)).length;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const [known, stranger] = [await requestOtp(phone), await requestOtp(unknown)];
    expect(known.statusCode).toBe(200);
    expect(told(stranger)).toEqual(told(known));
  }
  const [known, stranger] = [await requestOtp(phone), await requestOtp(unknown)];
  expect(known.json).toMatchObject({ code: 'trop_de_codes' });
  expect({ ...stranger.json, request_id: '' }).toEqual({ ...known.json, request_id: '' });
  expect((await api.smsTo(`+221${phone}`)).length - before).toBe(3);
  expect(await api.smsTo(`+221${unknown}`)).toEqual([]);
  api.clock.pass(60 * MINUTE_MS);
  expect((await requestOtp(phone)).statusCode).toBe(200);
});

test('asking for a code takes as long for an unknown number', async () => {
  const { phone } = await api.customer();
  for (const telephone of [phone, '767777777']) {
    const startedMs = performance.now();
    await requestOtp(telephone);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(59);
  }
});

test('an address asks for five codes a minute', async () => {
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const body = { telephone: `76600000${attempt}` };
    statuses.push((await api.post('/api/auth/request-otp', { body, address: '192.0.2.7' })).statusCode);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
});

test('the code is sent in the language of the one who asks', async () => {
  const { phone } = await api.customer();
  await api.post('/api/auth/request-otp', {
    body: { telephone: phone },
    headers: { 'accept-language': 'en' },
  });
  expect((await api.smsTo(`+221${phone}`)).at(-1)).toMatch(/^OMPAY: your code is \d{6}\./);
});

test('a code opens once, even for two who ask at the same time', async () => {
  const { phone } = await api.customer();
  await requestOtp(phone);
  const otp = await latestOtp(api, phone);
  const answers = await Promise.all([verify(phone, otp), verify(phone, otp)]);
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 401]);
  expect((await verify(phone, otp)).statusCode).toBe(401);
});

test('after five wrong tries the right code opens nothing; a new one does', async () => {
  const { phone } = await api.customer();
  await requestOtp(phone);
  const [right, wrong] = [await latestOtp(api, phone), await wrongOtp(phone)];
  for (let attempt = 0; attempt < 5; attempt += 1) expect((await verify(phone, wrong)).statusCode).toBe(401);
  expect((await verify(phone, right)).json.code).toBe('otp_invalide');
  await requestOtp(phone);
  expect((await verify(phone, await latestOtp(api, phone))).statusCode).toBe(200);
});

test('a code lives five minutes, and a new one ends the one before', async () => {
  const { phone } = await api.customer();
  await requestOtp(phone);
  const first = await latestOtp(api, phone);
  await requestOtp(phone);
  const second = await latestOtp(api, phone);
  if (first !== second) expect((await verify(phone, first)).statusCode).toBe(401);
  api.clock.pass(5 * MINUTE_MS);
  expect((await verify(phone, second)).statusCode).toBe(401);
});

test('an unknown number has no code that opens', async () => {
  expect((await verify('767000000', '123456')).json.code).toBe('otp_invalide');
});

test('a suspended user gets no code, no tokens, and is out at once', async () => {
  const person = await api.customer();
  await requestOtp(person.phone);
  const otp = await latestOtp(api, person.phone);
  const before = (await api.smsTo(`+221${person.phone}`)).length;
  await setStatus(person, 'suspended');
  expect((await balance(person.token)).statusCode).toBe(401);
  expect((await refresh(person.refreshToken)).statusCode).toBe(401);
  expect((await login(person.phone, PASSWORD)).json.code).toBe('compte_inactif');
  expect((await verify(person.phone, otp)).json.code).toBe('compte_inactif');
  expect((await requestOtp(person.phone)).statusCode).toBe(200);
  expect((await api.smsTo(`+221${person.phone}`)).length).toBe(before);
});

test('an access token lives 15 minutes, a refresh token 30 days', async () => {
  const person = await api.customer();
  api.clock.pass(15 * MINUTE_MS);
  expect((await balance(person.token)).json.code).toBe('non_authentifie');
  const renewed = await refresh(person.refreshToken);
  expect((await balance(renewed.json.data.access_token)).statusCode).toBe(200);
  api.clock.pass(30 * DAY_MS);
  expect((await refresh(renewed.json.data.refresh_token)).statusCode).toBe(401);
});

test('a refresh token used twice ends every session of its user', async () => {
  const person = await api.customer();
  const renewed = await refresh(person.refreshToken);
  const elsewhere = await login(person.phone, PASSWORD);
  expect((await refresh(person.refreshToken)).json.code).toBe('jeton_invalide');
  for (const token of [renewed.json.data.access_token, elsewhere.json.data.access_token]) {
    expect((await balance(token)).statusCode).toBe(401);
  }
  expect((await refresh(renewed.json.data.refresh_token)).statusCode).toBe(401);
});

test('two who use one refresh token at the same time: one gets tokens, and they end', async () => {
  const person = await api.customer();
  const answers = await Promise.all([refresh(person.refreshToken), refresh(person.refreshToken)]);
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 401]);
});

test('logout ends every session at once, and an old refresh token then harms nobody', async () => {
  const person = await api.customer();
  const elsewhere = await login(person.phone, PASSWORD);
  const out = await api.post('/api/ompay/logout', {
    token: person.token,
    headers: { 'content-type': 'application/json' },
  });
  expect(out.json).toEqual({ success: true, message: 'Déconnexion réussie.', data: null });
  expect((await balance(elsewhere.json.data.access_token)).statusCode).toBe(401);
  const again = await login(person.phone, PASSWORD);
  expect((await refresh(person.refreshToken)).statusCode).toBe(401);
  expect((await balance(again.json.data.access_token)).statusCode).toBe(200);
});

test.each([undefined, 'Bearer', 'Bearer abc', `Basic ${'a'.repeat(43)}`, `Bearer ${'a'.repeat(43)}`])(
  'the authorization %j opens nothing',
  async (authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    expect((await api.get('/api/ompay/balance', { headers })).statusCode).toBe(401);
  },
);

test('a refresh token is no access token, nor the other way round', async () => {
  const person = await api.customer();
  expect((await balance(person.refreshToken)).statusCode).toBe(401);
  expect((await refresh(person.token)).statusCode).toBe(401);
  expect((await balance(person.token)).statusCode).toBe(200);
});

test('nothing that was logged holds a password, a code, a token or a phone number', async () => {
  const person = await api.customer();
  await requestOtp(person.phone);
  const otp = await latestOtp(api, person.phone);
  await verify(person.phone, otp);
  await api.post('/api/auth/login', { body: `{"telephone": "${person.phone}", "password": "${PASSWORD}"` });
  const text = api.lines.join('');
  expect(text).toContain('"ompay.route":"/api/auth/verify-otp"');
  for (const secret of [PASSWORD, person.token, person.refreshToken, person.phone, `"${otp}"`]) {
    expect(text).not.toContain(secret);
  }
});
