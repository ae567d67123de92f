import { afterAll, beforeAll, expect, test } from 'vitest';
import { reverseTransfer } from '../../../src/api/accounts/reverse.ts';
import { fund, type Person, startApi, type TestApi } from '../../fixtures/api.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

let api: TestApi;
let distributor: Person;
beforeAll(async () => {
  api = await startApi();
  distributor = await api.distributor();
});
afterAll(() => api.close());

/** A transfer of 5,000 XOF with a fee of 40, between customers of whom the first had 20,000. */
async function transferred(): Promise<{ sender: Person; receiver: Person; reference: string }> {
  const [sender, receiver] = [await api.customer(), await api.customer()];
  await fund(api, distributor, sender, 20_000);
  const { json } = await api.post('/api/ompay/transfer', {
    token: sender.token,
    body: { recipient_telephone: receiver.phone, amount: 5_000 },
  });
  return { sender, receiver, reference: json.data.reference };
}

function undo(reference: string) {
  return reverseTransfer(api, { reference, reason: 'mauvais numéro', by: 'Awa' });
}

async function balanceOf({ token }: Person): Promise<number> {
  return (await api.get('/api/ompay/balance', { token })).json.data.solde;
}

test('amount and fee go back, both people are told, and the transfer reads cancelled', async () => {
  const { sender, receiver, reference } = await transferred();
  const undone = await undo(reference);
  expect(undone).toMatchObject({ amountXof: 5_000, feeXof: 40, reversed: true });
  expect([await balanceOf(sender), await balanceOf(receiver)]).toEqual([20_000, 0]);
  for (const { phone, token } of [sender, receiver]) {
    expect((await api.smsTo(`+221${phone}`)).at(-1)).toMatch(
      new RegExp(`${reference} annulée par le service client.*Réf. ${undone.reference}`),
    );
    const { json } = await api.get('/api/ompay/history?type=transfert', { token });
    expect(json.data.transactions.map(({ statut, reference: shown }) => [shown, statut])).toEqual([
      [undone.reference, 'reussi'],
      [reference, 'annule'],
    ]);
  }
  const rows = await api.database.kysely.selectFrom('reversals').selectAll().execute();
  expect(rows).toMatchObject([{ reason: 'mauvais numéro', reversed_by: 'Awa' }]);
});

test('asked again, it does nothing and names what undid it', async () => {
  const { sender, reference } = await transferred();
  const undone = await undo(reference);
  expect(await undo(reference)).toEqual({ ...undone, reversed: false });
  expect(await balanceOf(sender)).toBe(20_000);
});

test('what undid a transfer is not undone', async () => {
  const { reference } = await transferred();
  const undone = await undo(reference);
  const error = await ompayErrorOf(() => undo(undone.reference));
  expect(error).toMatchObject({ code: 'checkBlocked', message: expect.stringContaining('is not undone') });
});

test('money that was spent cannot be given back', async () => {
  const { receiver, reference } = await transferred();
  await api.post('/api/ompay/withdraw', { token: receiver.token, body: { amount: 100 } });
  const error = await ompayErrorOf(() => undo(reference));
  expect(error).toMatchObject({
    code: 'checkBlocked',
    message: `the receiver of ${reference} has 4900 of the 5000 FCFA to give back`,
  });
});

test('a reference that no transfer has is not found', async () => {
  expect((await ompayErrorOf(() => undo('TXN0'))).code).toBe('notFound');
});

test('money from the house goes back to it', async () => {
  const supply = await api.database.kysely
    .selectFrom('transfers')
    .select('reference')
    .where('type', '=', 'approvisionnement')
    .executeTakeFirstOrThrow();
  const poor = await ompayErrorOf(() => undo(supply.reference));
  expect(poor.code).toBe('checkBlocked');
});

test('a transfer between accounts that are gone is a fault', async () => {
  const { reference } = await transferred();
  const { database, ledger } = api;
  const refusing = {
    database,
    ledger: {
      ...ledger,
      post: (request: Parameters<typeof ledger.post>[0]) => ledger.post(withoutAccounts(request)),
    },
  };
  await expect(reverseTransfer(refusing, { reference, reason: 'r', by: 'b' })).rejects.toThrow(
    'accountNotFound',
  );
});

function withoutAccounts(request: Parameters<TestApi['ledger']['post']>[0]) {
  if (request.operation !== 'reverse') return request;
  return { ...request, original: { ...request.original, credit_account_id: 'nobody' } };
}
