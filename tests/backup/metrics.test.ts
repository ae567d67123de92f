import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupMetrics } from '../../src/backup/metrics.ts';
import type { StoreStatus } from '../../src/backup/status.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 3);
const GOOD: StoreStatus = {
  store: 'this-disk',
  medium: 'disk 1',
  offsite: false,
  immutable: false,
  backups: 5,
  newest: '01B',
  rpoMs: 3_600_000,
  verifiedAt: '2026-11-23T02:00:30.000Z',
  damaged: [],
  missing: [],
  weaknesses: [],
  problem: null,
};

test('a good store and one that is away, as Prometheus reads them', async () => {
  const away = {
    ...GOOD,
    store: 's3',
    backups: 0,
    newest: null,
    rpoMs: null,
    verifiedAt: null,
    missing: ['01A', '01B'],
    problem: new Error('away'),
  };
  const text = backupMetrics({
    environment: 'production',
    nowMs: NOW_MS,
    stores: [GOOD, away],
    is321: false,
    restoreTest: { passed: true, atMs: Date.UTC(2026, 10, 1) },
  });
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../goldens/backup/status.prom'));
});

test('what is not known has no sample', () => {
  const text = backupMetrics({
    environment: 'e',
    nowMs: NOW_MS,
    stores: [],
    is321: false,
    restoreTest: null,
  });
  expect(text).not.toContain('restore_test');
  expect(text).not.toContain('rpo');
  expect(text).toContain('ompay_backup_3_2_1{environment="e"} 0\n');
});
