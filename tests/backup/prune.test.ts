import { expect, test } from 'vitest';
import { planPrune } from '../../src/backup/prune.ts';
import type { Backup } from '../../src/backup/types.ts';

const NOW_MS = Date.UTC(2026, 10, 22);

/** A backup of some hours ago. */
function backup(hours: number, isDamaged = false): Backup {
  const at = new Date(NOW_MS - hours * 3_600_000).toISOString();
  const copy = { store: 'disk', offsite: false, immutable: false, verifiedAt: at };
  return {
    id: `B${hours}`,
    engine: 'pglite',
    serverUuid: 'u',
    serverVersion: 'v',
    kind: 'full',
    method: 'online',
    from: '0/1',
    to: '0/2',
    startedAt: at,
    finishedAt: at,
    sizeBytes: 1,
    plainSizeBytes: 1,
    copies: [isDamaged ? { ...copy, failedAt: at } : copy],
  };
}

function plan(backups: readonly Backup[], keepLast: number) {
  const { keep, remove } = planPrune(backups, { keepLast, nowMs: NOW_MS });
  return { keep: keep.map((decision) => decision.backup), remove: remove.map((decision) => decision.backup) };
}

test('the newest N are kept, in whatever order they come', () => {
  expect(plan([backup(3), backup(1), backup(4), backup(2)], 2)).toEqual({
    keep: ['B1', 'B2'],
    remove: ['B3', 'B4'],
  });
});

test('the newest that no check found wrong is kept, however old', () => {
  expect(plan([backup(1, true), backup(2, true), backup(3), backup(4)], 2)).toEqual({
    keep: ['B1', 'B2', 'B3'],
    remove: ['B4'],
  });
});

test('at least one is kept', () => {
  expect(plan([backup(1), backup(2)], 0).keep).toEqual(['B1']);
  expect(plan([], 0)).toEqual({ keep: [], remove: [] });
});

test('nothing is removed when the clock is before the newest backup', () => {
  const { keep, remove } = planPrune([backup(-1), backup(1), backup(2)], { keepLast: 1, nowMs: NOW_MS });
  expect(remove).toEqual([]);
  expect(keep[0]?.reason).toContain('clock');
});

test('every decision has a reason', () => {
  const { keep, remove } = planPrune([backup(1), backup(2)], { keepLast: 1, nowMs: NOW_MS });
  expect(keep[0]?.reason).toBe('one of the newest 1');
  expect(remove[0]?.reason).toBe('older than the newest 1');
});
