import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keptBy, type Retention } from '../../src/backup/retention.ts';

const NONE: Retention = { last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

/** Newest first, one a day at noon, back from Monday 23 November 2026. */
function days(count: number) {
  return Array.from({ length: count }, (_, index) => {
    const startedAt = new Date(Date.UTC(2026, 10, 23 - index, 12)).toISOString();
    return { id: startedAt.slice(0, 10), startedAt };
  });
}

test('days, weeks, months and years keep the newest of each, and say so', () => {
  const retention = { last: 1, daily: 2, weekly: 2, monthly: 2, yearly: 2 };
  expect(Object.fromEntries(keptBy(days(400), retention))).toEqual({
    '2026-11-23': 'one of the newest 1',
    '2026-11-22': 'the newest of 2026-11-22',
    '2026-10-31': 'the newest of 2026-10',
    '2025-12-31': 'the newest of 2025',
  });
});

test('a week begins on Monday', () => {
  const kept = keptBy(days(20), { ...NONE, weekly: 3 });
  expect(Object.fromEntries(kept)).toMatchObject({
    '2026-11-22': 'the newest of the week from 2026-11-16',
    '2026-11-15': 'the newest of the week from 2026-11-09',
  });
});

test('days without a backup are passed over, so a pause of backups forgets none', () => {
  const [newest, ...older] = days(40);
  const paused = [newest, ...older.slice(30)].flatMap((each) => each ?? []);
  expect(keptBy(paused, { ...NONE, daily: 3 }).size).toBe(3);
});

test('whatever the rules, the newest is kept, and never more than they allow', () => {
  const count = fc.integer({ min: 0, max: 12 });
  const anyRetention = fc.record({ last: count, daily: count, weekly: count, monthly: count, yearly: count });
  const hours = fc.uniqueArray(fc.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(anyRetention, hours, (retention, agesHours) => {
      const backups = agesHours
        .toSorted((a, b) => a - b)
        .map((age) => ({
          id: `B${age}`,
          startedAt: new Date(Date.UTC(2026, 10, 23) - age * 3_600_000).toISOString(),
        }));
      const kept = keptBy(backups, retention);
      const { last, daily, weekly, monthly, yearly } = retention;
      expect(kept.has(backups[0]?.id ?? '')).toBe(true);
      expect(kept.size).toBeLessThanOrEqual(Math.max(1, last) + daily + weekly + monthly + yearly);
    }),
  );
});
