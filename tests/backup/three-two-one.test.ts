import { expect, test } from 'vitest';
import { is321 } from '../../src/backup/three-two-one.ts';
import type { Copy } from '../../src/backup/types.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;
const now = { nowMs: NOW_MS, readBackWithinMs: 7 * DAY_MS };

function copy(store: string, change: Partial<Copy> = {}): Copy {
  return { store, medium: store, offsite: false, immutable: false, verifiedAt: daysAgo(1), ...change };
}

function daysAgo(days: number): string {
  return new Date(NOW_MS - days * DAY_MS).toISOString();
}

const away = copy('s3', { offsite: true });

test('three copies in three places, one away, are 3-2-1', () => {
  expect(is321([copy('disk'), copy('nas'), away], now)).toEqual({ is321: true, missing: [] });
});

test('each part of the rule is missed by name', () => {
  expect(is321([copy('disk'), away], now).missing).toEqual([expect.stringContaining('2 of 3 copies')]);
  expect(is321([away, away, away], now).missing).toEqual(['they are on 1 of 2 media']);
  expect(is321([copy('disk'), copy('nas'), copy('nas')], now).missing).toEqual(['none is off-site']);
  expect(is321([], now).missing).toHaveLength(3);
});

test('a copy that was not read back in time, or found wrong since, does not count', () => {
  const old = copy('nas', { verifiedAt: daysAgo(8) });
  expect(is321([copy('disk'), old, away], now).is321).toBe(false);
  const wrong = copy('nas', { failedAt: daysAgo(0) });
  expect(is321([copy('disk'), wrong, away], now).is321).toBe(false);
});
