import { afterAll, beforeAll, expect, test } from 'vitest';
import { forgetPin } from '../../../src/api/accounts/forget-pin.ts';
import { createAuditTrail } from '../../../src/api/audit/trail.ts';
import { verifyLedger } from '../../../src/api/audit/verify/verify.ts';
import {
  latestOtp,
  PASSWORD,
  type Person,
  registration,
  startApi,
  type TestApi,
} from '../../fixtures/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** `action reason` of what happened to the person, in order. */
async function eventsOf({ userId }: Person): Promise<readonly string[]> {
  const rows = await api.database.kysely
    .selectFrom('audit_events')
    .selectAll()
    .where((where) => where.or([where('subject_id', '=', userId), where('actor_id', '=', userId)]))
    .orderBy('seq')
    .execute();
  return rows.map(({ action, detail }) => `${action}${detail === '{}' ? '' : ` ${detail}`}`);
}

const login = (person: Person, password: string) =>
  api.post('/api/auth/login', { body: { telephone: person.phone, password } });

test('the trail tells of registration, activation and every way in', async () => {
  const person = await api.customer();
  await login(person, PASSWORD);
  await login(person, 'un-autre-mot-de-passe');
  await api.post('/api/auth/request-otp', { body: { telephone: person.phone } });
  const wrong = (await latestOtp(api, person.phone)) === '000000' ? '000001' : '000000';
  await api.post('/api/auth/verify-otp', { body: { telephone: person.phone, otp: wrong } });
  const body = { refresh_token: person.refreshToken };
  await api.post('/api/auth/refresh', { body });
  await api.post('/api/auth/refresh', { body });
  const { json } = await login(person, PASSWORD);
  await api.post('/api/ompay/logout', { token: json.data.access_token });
  expect(await eventsOf(person)).toEqual([
    'user.registered',
    'user.activated',
    'login.succeeded {"by":"otp"}',
    'login.succeeded {"by":"password"}',
    'login.refused {"reason":"credentialsInvalid"}',
    'otp.requested',
    'otp.refused',
    'session.refreshed',
    'session.reused',
    'login.succeeded {"by":"password"}',
    'session.ended',
  ]);
});

test('a lock is told once a minute, and an account that is not active each time', async () => {
  const person = await api.customer();
  for (let tries = 0; tries < 8; tries += 1) await login(person, 'un-autre-mot-de-passe');
  const refusals = (await eventsOf(person)).filter((each) => each.startsWith('login.refused'));
  expect(refusals).toHaveLength(5);
  const locked = api.database.kysely
    .selectFrom('audit_events')
    .select('seq')
    .where('detail', '=', '{"reason":"passwordLocked"}');
  expect(await locked.execute()).toHaveLength(1);
  await api.post('/api/auth/register', { body: { ...registration('779999901'), cni: 'ZZ123456789' } });
  await api.post('/api/auth/login', { body: { telephone: '779999901', password: PASSWORD } });
  const inactive = api.database.kysely
    .selectFrom('audit_events')
    .select('seq')
    .where('detail', '=', '{"reason":"userNotActive"}');
  expect(await inactive.execute()).toHaveLength(1);
});

test('the trail tells of PINs, also of those that were refused, and of who removed one', async () => {
  const person = await api.customer();
  const pinOf = (path: string, body: object) => api.post(path, { token: person.token, body });
  await pinOf('/api/auth/set-pin', { pin: '9351', password: PASSWORD });
  const change = { new_pin: '7204' };
  for (let tries = 0; tries < 7; tries += 1) {
    await pinOf('/api/auth/change-pin', { old_pin: '1212', ...change });
  }
  api.clock.pass(16 * 60_000);
  await login(person, PASSWORD);
  await forgetPin({ ...api, staff: 'awa@siege' }, person.phone);
  expect((await eventsOf(person)).filter((each) => each.startsWith('pin'))).toEqual([
    'pin.set',
    ...Array.from({ length: 5 }, () => 'pin.refused {"reason":"pinInvalid"}'),
    'pin.refused {"reason":"pinLocked"}',
    'pin.forgotten',
  ]);
  const [removed] = await api.database.kysely
    .selectFrom('audit_events')
    .selectAll()
    .where('action', '=', 'pin.forgotten')
    .where('subject_id', '=', person.userId)
    .execute();
  expect(removed).toMatchObject({ staff: 'awa@siege', actor_id: null });
});

test('money that was refused is told with its reason, and no phone number is anywhere', async () => {
  const [payer, payee] = [await api.customer(), await api.customer()];
  const body = { amount: 500, recipient_telephone: payee.phone };
  await api.post('/api/ompay/transfer', { token: payer.token, body });
  expect((await eventsOf(payer)).at(-1)).toBe(
    'money.refused {"operation":"transfert","reason":"insufficientFunds","amount":500}',
  );
  const all = await api.database.kysely.selectFrom('audit_events').selectAll().execute();
  expect(all.length).toBeGreaterThan(10);
  expect(JSON.stringify(all)).not.toMatch(new RegExp(`${payer.phone}|${payee.phone}|${PASSWORD}`));
});

test('the refusals of a moment are written together, and none twice', async () => {
  const trail = createAuditTrail(api.database, api.clock);
  const before = await api.database.kysely.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
  const count = 600;
  await Promise.all(
    Array.from({ length: count }, (_each, number) =>
      trail.record({ action: 'otp.refused', detail: { number } }),
    ),
  );
  const after = await api.database.kysely.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
  expect(after.seq - before.seq).toBe(count);
  const { findings } = await verifyLedger(api.database, [], () => {});
  expect(findings).toEqual([]);
});

test('what cannot be written fails whoever asked', async () => {
  const trail = createAuditTrail(api.database, api.clock);
  const tooLong = { action: 'otp.refused', detail: { text: 'x'.repeat(2_000) } } as const;
  await expect(trail.record(tooLong)).rejects.toThrow();
  await trail.recordSeldom('a', { action: 'otp.refused' });
});
