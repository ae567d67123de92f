import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dispatchOnce } from '../../src/api/outbox/dispatcher.ts';
import type { Message } from '../../src/api/outbox/drivers.ts';
import { countWaiting } from '../../src/api/outbox/queue.ts';
import { deriveKeys } from '../../src/api/services.ts';
import {
  type Answer,
  fund,
  latestOtp,
  PASSWORD,
  registration,
  startApi,
  type TestApi,
} from '../fixtures/api.ts';
import { SERVER_KINDS } from '../fixtures/databases.ts';

for (const kind of SERVER_KINDS) {
  const absent = kind.absent !== undefined;
  if (absent) process.stderr.write(`skipped: the API on ${kind.name}: ${kind.absent}\n`);

  describe.skipIf(absent)(`the API on ${kind.name}`, () => {
    let api: TestApi;
    beforeAll(async () => {
      api = await startApi(kind);
    });
    afterAll(() => api.close());

    test('a newcomer registers, activates, is given money, sends some and sees it', () => beNewcomer(api));
    test('wrong passwords lock, and the lock ends', () => beLocked(api));
    test('two dispatchers send each message once', () => dispatchTwice(api));
  });
}

async function beNewcomer(api: TestApi): Promise<void> {
  const balance = (of: string): Promise<Answer> => api.get('/api/ompay/balance', { token: of });
  const registered = await api.post('/api/auth/register', { body: registration('781234567') });
  expect(registered.statusCode).toBe(201);
  expect(registered.json.data.user).toMatchObject({ telephone: '781234567', status: 'pending_verification' });

  const early = await api.post('/api/auth/login', { body: { telephone: '781234567', password: PASSWORD } });
  expect(early.json).toMatchObject({ success: false, code: 'compte_inactif' });

  const otp = await latestOtp(api, '781234567');
  const verified = await api.post('/api/auth/verify-otp', { body: { telephone: '+221781234567', otp } });
  expect(verified.json.data.user.status).toBe('active');
  expect(verified.json.data.tokens).toMatchObject({ token_type: 'Bearer', expires_in: 900 });

  const login = await api.post('/api/auth/login', {
    body: { telephone: '221781234567', password: PASSWORD },
  });
  const token: string = login.json.data.access_token;
  const [distributor, friend] = [await api.distributor(), await api.customer()];
  await fund(api, distributor, { ...friend, phone: '781234567' }, 50_000);

  const sent = await api.post('/api/ompay/transfer', {
    token,
    body: { recipient_telephone: friend.phone, amount: 10_000, description: 'Loyer' },
  });
  expect(sent.json.data.debit_transaction).toMatchObject({
    type: 'transfert',
    sens: 'debit',
    montant: 10_000,
    frais: 80,
    statut: 'reussi',
    description: 'Loyer',
    reference: sent.json.data.reference,
  });
  expect(sent.json.data.credit_transaction).toMatchObject({ sens: 'credit', montant: 10_000, frais: 0 });
  expect((await balance(token)).json.data).toMatchObject({ solde: 39_920, devise: 'FCFA' });
  expect((await balance(friend.token)).json.data.solde).toBe(10_000);

  const withdrawn = await api.post('/api/ompay/withdraw', {
    token: distributor.token,
    body: { amount: 9_920, telephone_client: '781234567' },
  });
  expect(withdrawn.json.data.transaction).toMatchObject({ type: 'retrait', sens: 'credit', montant: 9_920 });
  expect((await balance(token)).json.data.solde).toBe(30_000);

  expect(await api.smsTo('+221781234567')).toEqual([
    expect.stringContaining(`votre code est ${otp}`),
    expect.stringMatching(/dépôt de 50000 FCFA\. Nouveau solde : 50000 FCFA\. Réf\. TXN/),
    expect.stringMatching(/retrait de 9920 FCFA\. Nouveau solde : 30000 FCFA\. Réf\. TXN/),
  ]);
  expect((await api.smsTo(`+221${friend.phone}`)).at(-1)).toMatch(
    /reçu 10000 FCFA du 781234567\. Nouveau solde : 10000/,
  );

  await api.post('/api/ompay/logout', { token });
  expect((await balance(token)).statusCode).toBe(401);
}

async function beLocked(api: TestApi): Promise<void> {
  const { phone: telephone } = await api.customer();
  const login = (password: string): Promise<Answer> =>
    api.post('/api/auth/login', { body: { telephone, password } });
  const guesses = await Promise.all(Array.from({ length: 8 }, () => login('pas-le-bon')));
  expect(guesses.filter(({ statusCode }) => statusCode === 401)).toHaveLength(5);
  expect((await login(PASSWORD)).statusCode).toBe(429);
  api.clock.pass(15 * 60_000);
  expect((await login(PASSWORD)).statusCode).toBe(200);
}

async function dispatchTwice(api: TestApi): Promise<void> {
  const delivered: string[] = [];
  const { database, clock, foundations, settings } = api;
  const deliver = async ({ id }: Message): Promise<void> => {
    delivered.push(id);
  };
  const parts = { database, clock, key: deriveKeys(settings).outbox, deliver, log: foundations.log };
  await Promise.all([dispatchOnce(parts), dispatchOnce(parts)]);
  await dispatchOnce(parts);
  expect(delivered.length).toBeGreaterThan(3);
  expect(new Set(delivered).size).toBe(delivered.length);
  expect(await countWaiting(database.kysely)).toBe(0);
}
