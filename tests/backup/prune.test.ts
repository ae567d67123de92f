import { expect, test } from 'vitest';
import { planPrune } from '../../src/backup/prune.ts';
import type { Backup } from '../../src/backup/types.ts';

const NOW_MS = Date.UTC(2026, 10, 22);

/** A backup of some hours ago. */
function backup(hours: number, isDamaged = false): Backup {
  const at = new Date(NOW_MS - hours * 3_600_000).toISOString();
  const copy = { store: 'disk', medium: 'disk 1', offsite: false, immutable: false, verifiedAt: at };
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

function policy(last: number) {
  const retention = { last, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
  return { retention, nowMs: NOW_MS, staleAfterMs: 48 * 3_600_000 };
}

function plan(backups: readonly Backup[], keepLast: number) {
  const { keep, remove } = planPrune(backups, policy(keepLast));
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
  const { keep, remove, refusal } = planPrune([backup(-1), backup(1), backup(2)], policy(1));
  expect(remove).toEqual([]);
  expect(refusal).toContain('the clock is before the newest backup');
  expect(keep.map(({ backup: id }) => id)).toEqual(['B-1', 'B1', 'B2']);
});

test('nothing is removed when the newest is stale: the clock jumped, or backups have stopped', () => {
  const { remove, refusal } = planPrune([backup(49), backup(50), backup(51)], policy(1));
  expect(remove).toEqual([]);
  expect(refusal).toContain('the newest backup is 49 h old');
});

test('where nothing would be removed anyway, nothing is refused', () => {
  expect(planPrune([backup(49)], policy(1)).refusal).toBeNull();
});

test('every decision has a reason', () => {
  const { keep, remove } = planPrune([backup(1), backup(2)], policy(1));
  expect(keep[0]?.reason).toBe('one of the newest 1');
  expect(remove[0]?.reason).toBe('no rule of the retention keeps it');
});
