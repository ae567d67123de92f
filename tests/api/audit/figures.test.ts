import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeFigure, legalFigures } from '../../../src/api/audit/figures.ts';
import { verifyLedger } from '../../../src/api/audit/verify/verify.ts';
import { startApi, type TestApi } from '../../fixtures/api.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const SOURCE = {
  instrument: 'BCEAO, Instruction 001-01-2027',
  article: '4',
  effective_on: '2027-01-01',
  sureness: 'high',
  note: '',
} as const;

test('every figure has a source, a day and how sure it is', async () => {
  const figures = await legalFigures(api.database);
  expect(figures.length).toBe(4 * 5 + 5 + 2);
  expect(figures.every(({ instrument }) => instrument.length > 3)).toBe(true);
  expect(figures.every(({ effective_on }) => /^\d{4}-\d\d-\d\d$/.test(effective_on))).toBe(true);
  expect(figures).toContainEqual(
    expect.objectContaining({ name: 'limit.identified.max_balance', value: 2_000_000, sureness: 'high' }),
  );
});

test('a change is in force, has its source, and the trail tells of it', async () => {
  const tools = { ...api, staff: 'awa@siege' };
  await changeFigure(tools, { name: 'limit.identified.max_balance', value: 3_000_000, ...SOURCE });
  await changeFigure(tools, { name: 'fee.transfert', value: 5_000, ...SOURCE, article: null });
  await changeFigure(tools, { name: 'retention.records', value: 12, ...SOURCE });
  const { kysely } = api.database;
  const limits = kysely.selectFrom('limit_rules').selectAll().where('kyc_level', '=', 'identified');
  expect(await limits.executeTakeFirst()).toMatchObject({
    max_balance: 3_000_000,
    monthly_in: 10_000_000,
    source: 'BCEAO, Instruction 001-01-2027, 4',
  });
  const fees = kysely.selectFrom('fee_rules').selectAll().where('type', '=', 'transfert');
  expect(await fees.executeTakeFirst()).toMatchObject({ rate_ppm: 5_000 });
  const events = kysely.selectFrom('audit_events').selectAll().where('action', '=', 'rule.changed');
  expect((await events.orderBy('seq').execute())[0]).toMatchObject({
    staff: 'awa@siege',
    detail:
      '{"name":"limit.identified.max_balance","before":2000000,"after":3000000,"effective_on":"2027-01-01"}',
  });
  expect((await verifyLedger(api.database, [], () => {})).findings).toEqual([]);
});

test('a figure that nobody knows is not made', async () => {
  const change = { name: 'limit.nobody.max_balance', value: 1, ...SOURCE };
  expect((await ompayErrorOf(() => changeFigure({ ...api, staff: 'a' }, change))).code).toBe('notFound');
});
