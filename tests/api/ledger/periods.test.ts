import { expect, it } from 'vitest';
import { periodsAt } from '../../../src/api/ledger/periods.ts';

it('changes day and month at midnight UTC, which is Dakar midnight', () => {
  expect(periodsAt(Date.UTC(2026, 10, 30, 23, 59, 59, 999))).toEqual({
    day: 'd:2026-11-30',
    month: 'm:2026-11',
  });
  expect(periodsAt(Date.UTC(2026, 11, 1))).toEqual({ day: 'd:2026-12-01', month: 'm:2026-12' });
});
