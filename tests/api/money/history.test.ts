import { afterAll, beforeAll, expect, test } from 'vitest';
import { fund, type JsonData, type Person, startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
let person: Person;

beforeAll(async () => {
  api = await startApi();
  const distributor = await api.distributor();
  person = await api.customer();
  const friend = await api.customer();
  for (let count = 1; count <= 3; count += 1) await fund(api, distributor, person, count * 1_000);
  for (const amount of [100, 200]) {
    await api.post('/api/ompay/transfer', {
      token: person.token,
      body: { recipient_telephone: friend.phone, amount },
    });
  }
});
afterAll(() => api.close());

async function history(query = ''): Promise<JsonData> {
  return (await api.get(`/api/ompay/history${query}`, { token: person.token })).json.data;
}

function amounts(data: JsonData): readonly number[] {
  return data.transactions.map(({ montant }) => montant);
}

test('history is newest first, with the side and the fee of this account', async () => {
  const data = await history();
  expect(amounts(data)).toEqual([200, 100, 3_000, 2_000, 1_000]);
  expect(data.transactions[0]).toMatchObject({
    type: 'transfert',
    sens: 'debit',
    frais: 2,
    statut: 'reussi',
  });
  expect(data.transactions[4]).toMatchObject({ type: 'depot', sens: 'credit', frais: 0 });
  expect(data.pagination).toEqual({ current_page: 1, per_page: 15, total: 5, last_page: 1 });
});

test('pages and types cut it', async () => {
  const second = await history('?page=2&per_page=2');
  expect(amounts(second)).toEqual([3_000, 2_000]);
  expect(second.pagination).toEqual({ current_page: 2, per_page: 2, total: 5, last_page: 3 });
  const deposits = await history('?type=depot&per_page=2');
  expect(amounts(deposits)).toEqual([3_000, 2_000]);
  expect(deposits.pagination).toMatchObject({ total: 3, last_page: 2 });
  expect((await history('?type=paiement')).pagination).toMatchObject({ total: 0, last_page: 1 });
});

test('a cursor walks the same history to its end', async () => {
  const seen: number[] = [];
  let cursor: string | null = '';
  for (let page = 0; cursor !== null && page < 5; page += 1) {
    const data: JsonData = await history(`?per_page=2&cursor=${cursor}`);
    seen.push(...amounts(data));
    cursor = data.pagination.next_cursor;
  }
  expect(seen).toEqual([200, 100, 3_000, 2_000, 1_000]);
  expect(cursor).toBeNull();
});

const UNREADABLE = ['page=0', 'page=x', 'per_page=101', 'per_page=1.5', 'type=don', 'cursor=-1'];
/** JavaScript takes them for numbers: of 1e400 it makes infinity, which passed every bound. */
const NO_DIGITS = [
  'per_page=1e400',
  `per_page=${'1'.repeat(400)}`,
  'page=-1e400',
  'page=0x1',
  'page=+1',
  'page=1&page=2',
];

test.each([...UNREADABLE, ...NO_DIGITS])('?%s is refused at that field', async (query) => {
  const { statusCode, json } = await api.get(`/api/ompay/history?${query}`, { token: person.token });
  expect([statusCode, Object.keys(json.errors)]).toEqual([422, [query.split('=')[0]]]);
});
