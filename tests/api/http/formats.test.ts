import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError } from '../../../src/api/errors.ts';
import { buildServer } from '../../../src/api/server.ts';
import { type Answer, type Call, startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const PROBLEM = { accept: 'application/problem+json' };
const ENGLISH = { 'accept-language': 'en' };

function login(call: Call): Promise<Answer> {
  return api.post('/api/auth/login', call);
}

test('an error is an envelope in French', async () => {
  const { statusCode, headers, json } = await login({ body: { telephone: '761111111', password: 'non' } });
  expect(statusCode).toBe(401);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(json).toEqual({
    success: false,
    message: 'Numéro de téléphone ou mot de passe incorrect.',
    error_code: 2002,
    code: 'identifiants_invalides',
    request_id: headers['x-request-id'],
  });
});

test('the same error is an RFC 9457 problem, in English, for those who ask', async () => {
  const { headers, json } = await login({
    body: { telephone: '761111111', password: 'non' },
    headers: { ...PROBLEM, ...ENGLISH },
  });
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(json).toEqual({
    type: 'urn:ompay:erreur:identifiants_invalides',
    title: 'identifiants invalides',
    status: 401,
    detail: 'Wrong phone number or password.',
    error_code: 2002,
    code: 'identifiants_invalides',
    request_id: headers['x-request-id'],
  });
});

test('wrong fields are told together, in both formats', async () => {
  const body = { telephone: '12', password: '' };
  const envelope = await login({ body });
  expect([envelope.statusCode, envelope.json.code]).toEqual([422, 'donnees_invalides']);
  expect(envelope.json.errors).toEqual({
    telephone: ['Numéro de téléphone sénégalais invalide.'],
    password: ['Au moins 1 caractères.'],
  });
  const problem = await login({ body, headers: { ...PROBLEM, ...ENGLISH } });
  expect(problem.json).toMatchObject({
    status: 422,
    errors: { telephone: ['Not a Senegalese mobile number.'], password: ['At least 1 characters.'] },
  });
});

test.each([
  [400, 'corps_illisible', { body: '{"telephone":' }],
  [400, 'corps_illisible', { body: '{"__proto__": {"a": 1}}' }],
  [413, 'corps_trop_grand', { body: JSON.stringify({ telephone: 'x'.repeat(17 * 1024) }) }],
  [415, 'type_non_pris_en_charge', { body: '<a/>', headers: { 'content-type': 'text/xml' } }],
  [422, 'donnees_invalides', { body: '' }],
  [422, 'donnees_invalides', { body: '[]' }],
])('an unreadable body is refused with %i %s', async (status, code, call) => {
  const { statusCode, json } = await login(call);
  expect([statusCode, json.code]).toEqual([status, code]);
});

test('an unknown address and an unknown method are 404', async () => {
  const { json } = await api.get('/api/nulle-part');
  expect(json).toMatchObject({ code: 'route_introuvable', error_code: 3005 });
  const response = await api.app.inject({ method: 'DELETE', url: '/api/auth/login' });
  expect(response.statusCode).toBe(404);
});

test.each(['/api/%zz', `/api/qr/${'a'.repeat(200)}`])(
  'an address that cannot be decoded or is too long is refused in the same form: %.12s',
  async (url) => {
    const response = await api.app.inject({ method: 'GET', url });
    expect(response.statusCode).toBe(404);
    const { request_id, ...body } = response.json();
    expect(body).toMatchObject({ success: false, code: 'route_introuvable' });
    expect(response.headers).toMatchObject({
      'x-request-id': request_id,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  },
);

test('an unexpected error is told without its cause', async () => {
  const { phone } = await api.customer();
  await api.database.kysely
    .updateTable('users')
    .set({ password_hash: 'x' })
    .where('telephone', '=', `+221${phone}`)
    .execute();
  const { statusCode, json } = await login({ body: { telephone: phone, password: 'un-mot-de-passe' } });
  expect(statusCode).toBe(500);
  expect(json).toEqual({
    success: false,
    message: 'Erreur interne. Donnez request_id au support.',
    error_code: 5001,
    code: 'erreur_interne',
    request_id: expect.any(String),
  });
  expect(api.lines.join('')).toContain('another form');
});

test('answers are not stored, not sniffed, and carry the request id that came', async () => {
  const given = await api.get('/health', { headers: { 'x-request-id': 'app-42.mobile_7' } });
  expect(given.headers).toMatchObject({
    'x-request-id': 'app-42.mobile_7',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  const [first, second] = [await api.get('/health'), await api.get('/health')];
  expect(first.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  for (const bad of ['court', 'a b c d e f', 'x'.repeat(65), 'ligne\\nlog--']) {
    const { headers } = await api.get('/health', { headers: { 'x-request-id': bad } });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  }
});

test('a trace goes on into the log, and a malformed one does not', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await api.get('/health', { headers: { traceparent, 'x-request-id': 'trace-good' } });
  await api.get('/health', { headers: { traceparent: 'zz', 'x-request-id': 'trace-bad' } });
  const logged = (id: string) => api.lines.find((line) => line.includes(`"${id}"`));
  expect(JSON.parse(logged('trace-good') ?? '{}')).toMatchObject({
    'trace.id': '4bf92f3577b34da6a3ce929d0e0e4736',
    'http.request.id': 'trace-good',
    'http.request.method': 'GET',
    'http.response.status_code': 200,
    'event.duration': expect.any(Number),
    'ompay.route': '/health',
    message: 'answered',
  });
  expect(Object.keys(JSON.parse(logged('trace-bad') ?? '{}'))).not.toContain('trace.id');
});

test('health tells the release, the services and that Redis is unused', async () => {
  const { json } = await api.get('/health');
  expect(json).toEqual({
    status: 'ok',
    timestamp: expect.any(String),
    release: 'development',
    services: { database: 'ok', redis: 'ok', queue: 'ok' },
    details: { redis: 'unused' },
  });
});

test('health warns of a thousand waiting messages, and metrics count them', async () => {
  await api.database.kysely.deleteFrom('outbox').execute();
  const rows = Array.from({ length: 1000 }, (_row, index) => ({
    id: `waiting-${index}`,
    channel: 'sms' as const,
    recipient: '+221770000000',
    body_encrypted: 'x',
    created_at_ms: 1,
    available_at_ms: 1,
    attempts: 0,
    delivered_at_ms: 0,
  }));
  await api.database.dialect.insertRows(api.database.kysely, 'outbox', rows);
  expect((await api.get('/health')).json).toMatchObject({ status: 'ok', services: { queue: 'warning' } });
  expect((await api.get('/metrics', { address: null })).body).toContain('ompay_outbox_waiting 1000');
  await api.database.kysely.deleteFrom('outbox').execute();
});

test('metrics count requests by method, route and status, and hold no address', async () => {
  await api.get('/api/ompay/balance?compteId=secret-account');
  await api.get('/api/nulle-part');
  api.foundations.metrics.ledger.committed({ requests: 3, durationMs: 4 });
  const { body } = await api.get('/metrics', { address: null });
  expect(body).toContain('ompay_http_requests_total{method="GET",route="/api/ompay/balance",status="401"} 1');
  expect(body).toMatch(/ompay_http_requests_total\{method="GET",route="unknown",status="404"\} \d+/);
  expect(body).toContain('ompay_ledger_batch_size_sum 3');
  expect(body).toContain('process_cpu_seconds_total');
  expect(body).toContain('ompay_http_refusals_total{route="/api/ompay/balance",error="unauthenticated"} 1');
  expect(body).not.toContain('secret-account');
  expect(body).not.toContain('nulle-part');
});

test('whoever comes through a front finds no metrics', async () => {
  const { statusCode, json } = await api.get('/metrics', { address: '198.51.100.1' });
  expect([statusCode, json.code]).toEqual([404, 'route_introuvable']);
});

test('a refusal is logged with its code', async () => {
  await api.get('/api/ompay/balance', { headers: { 'x-request-id': 'refused-1' } });
  const line = api.lines.find((each) => each.includes('"refused-1"'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({ 'error.code': 'non_authentifie' });
});

test("limits are counted by the front's address, of which only the last is believed", async () => {
  const ask = (address: string) => api.post('/api/auth/request-otp', { body: { telephone: 'x' }, address });
  for (let count = 0; count < 5; count += 1) await ask(`10.9.9.${count}, 198.51.100.1`);
  expect((await ask('10.9.9.9, 198.51.100.1')).statusCode).toBe(429);
  expect((await ask('10.9.9.9, 198.51.100.2')).statusCode).toBe(422);
});

test("on TCP nobody's X-Forwarded-For is believed: the connection's own address is counted", async () => {
  const listen = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
  const server = buildServer({ ...api.foundations, settings: { ...api.settings, listen } });
  const ask = async (address: string): Promise<number> => {
    const headers = { 'x-forwarded-for': address };
    const url = '/api/auth/request-otp';
    return (await server.inject({ method: 'POST', url, headers, payload: {} })).statusCode;
  };
  const statuses: number[] = [];
  for (let count = 0; count < 6; count += 1) statuses.push(await ask(`10.0.0.${count}`));
  expect(statuses).toEqual([422, 422, 422, 422, 422, 429]);
  await server.close();
});

test('a process that turns a request away says so in its log without an error: it was meant', async () => {
  const obstacles = () => Promise.reject(new ApiError('overloaded', { retryAfterSeconds: 1 }));
  const readiness = { ...api.foundations.readiness, obstacles };
  const server = buildServer({ ...api.foundations, readiness });
  const before = api.lines.length;
  const { statusCode } = await server.inject({ url: '/ready', headers: { 'x-request-id': 'turned-away' } });
  expect(statusCode).toBe(503);
  const lines = api.lines.slice(before).map((line) => JSON.parse(line));
  expect(lines.find(({ message }) => message === 'overloaded')).toMatchObject({ 'log.level': 'warn' });
  expect(lines.some((line) => 'error.message' in line)).toBe(false);
  await server.close();
});
