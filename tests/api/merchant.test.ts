import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkInvariants } from '../../src/api/ledger/invariants.ts';
import { type Answer, fund, PASSWORD, type Person, startApi, type TestApi } from '../fixtures/api.ts';
import { SERVER_KINDS } from '../fixtures/databases.ts';

for (const kind of SERVER_KINDS) {
  const absent = kind.absent !== undefined;
  if (absent) process.stderr.write(`skipped: merchants and PINs on ${kind.name}: ${kind.absent}\n`);

  describe.skipIf(absent)(`merchants and PINs on ${kind.name}`, () => {
    let api: TestApi;
    beforeAll(async () => {
      api = await startApi(kind);
    });
    afterAll(() => api.close());

    test('a hundred payments of one QR code at once: one is made', () => payAtOnce(api));
    test('a PIN is set, asked for, locked and changed', () => usePin(api));
    test('a payment is found by both sides and by nobody else', () => findPayment(api));
  });
}

async function payAtOnce(api: TestApi): Promise<void> {
  const [distributor, merchant] = [await api.distributor(), await api.merchant()];
  const payers = [await api.customer(), await api.customer(), await api.customer(), await api.customer()];
  for (const payer of payers) await fund(api, distributor, payer, 50_000);
  const made = await api.post('/api/marchand/generate-qr', {
    token: merchant.token,
    body: { montant: 1_000 },
  });
  const body = { code_qr: made.json.data.code_qr };
  const answers = await Promise.all(
    payers.flatMap(({ token }) =>
      Array.from({ length: 25 }, () => api.post('/api/paiement/marchand', { token, body })),
    ),
  );
  expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([
    200,
    ...Array.from({ length: 99 }, () => 409),
  ]);
  expect(await solde(api, merchant)).toBe(1_000);
  const left = await Promise.all(payers.map((payer) => solde(api, payer)));
  expect(left.toSorted()).toEqual([49_000, 50_000, 50_000, 50_000]);
  expect(await checkInvariants(api.database)).toMatchObject({ entriesSumXof: 0, accountsOff: 0 });
}

async function solde(api: TestApi, { token }: Person): Promise<number> {
  return (await api.get('/api/ompay/balance', { token })).json.data.solde;
}

async function usePin(api: TestApi): Promise<void> {
  const [distributor, merchant, payer] = [
    await api.distributor(),
    await api.merchant(),
    await api.customer(),
  ];
  const { token } = payer;
  await fund(api, distributor, payer, 10_000);
  const pay = (pin?: string): Promise<Answer> => {
    const body = { code_marchand: merchant.codeMarchand, montant: 1_000, ...(pin && { pin }) };
    return api.post('/api/paiement/marchand', { token, body });
  };
  expect((await pay()).statusCode).toBe(200);
  await api.post('/api/auth/set-pin', { token, body: { pin: '4826', password: PASSWORD } });
  expect([(await pay()).json.code, (await pay('4826')).statusCode]).toEqual(['pin_requis', 200]);
  const guesses = await Promise.all(Array.from({ length: 7 }, () => pay('0007')));
  expect(guesses.filter(({ json }) => json.code === 'pin_invalide')).toHaveLength(5);
  expect((await pay('4826')).json.code).toBe('pin_verrouille');
  api.clock.pass(15 * 60_000);
  const login = { telephone: payer.phone, password: PASSWORD };
  const renewed = await api.post('/api/auth/login', { body: login });
  const body = { old_pin: '4826', new_pin: '9351' };
  const changed = await api.post('/api/auth/change-pin', { token: renewed.json.data.access_token, body });
  expect(changed.statusCode).toBe(200);
}

async function findPayment(api: TestApi): Promise<void> {
  const [distributor, merchant, payer] = [
    await api.distributor(),
    await api.merchant(),
    await api.customer(),
  ];
  await fund(api, distributor, payer, 10_000);
  const paid = await api.post('/api/paiement/marchand', {
    token: payer.token,
    body: { code_marchand: merchant.codeMarchand, montant: 1_000 },
  });
  const path = `/api/ompay/transactions/reference/${paid.json.data.reference}`;
  const sides = [payer, merchant].map(({ token }) => api.get(path, { token }));
  const [sent, received] = await Promise.all(sides);
  expect(sent?.json.data.transaction).toEqual(paid.json.data.debit_transaction);
  expect(received?.json.data.transaction).toEqual(paid.json.data.credit_transaction);
  const stranger = await api.get(path, { token: distributor.token });
  expect([stranger.statusCode, stranger.json.code]).toEqual([404, 'transaction_introuvable']);
}
