import { expect, test } from 'vitest';
import { shownStanding } from '../../../src/cli/kit/rollback-cost.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 4);
const SINCE_MS = Date.UTC(2026, 10, 23, 3);

test('the migrations that stay are named, and what restoring from before them would lose', () => {
  const backup = { id: '01KB', atMs: Date.UTC(2026, 10, 23, 2) };
  const shown = shownStanding({ ids: ['0007', '0008'], sinceMs: SINCE_MS, backup, transfers: 412 }, NOW_MS);
  expect(shown).toBe(
    'the migrations 0007, 0008 (since 2026-11-23T03:00:00.000Z) stay, and no data is lost; restoring the data from before them (backup 01KB, 2 h ago) would lose 412 transfers posted since; to look at it: ompay restore 01KB --into FOLDER',
  );
});

test('without a backup from before, that is said', () => {
  const standing = { ids: ['0008'], sinceMs: SINCE_MS, backup: null, transfers: 3 };
  expect(shownStanding(standing, NOW_MS)).toContain(
    'no backup from before them is kept; going back to one would lose 3 transfers at least',
  );
});
