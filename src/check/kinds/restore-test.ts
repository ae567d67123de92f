import { shownAge } from '../../core/units.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

const DAY_MS = 86_400_000;
const HINT = 'ompay restore-test';

interface Fields {
  readonly maxAgeDays: number;
}

/** The newest restore test: it passed, and is not older than a limit. */
export const restoreTest = defineKind<Fields>({
  kind: 'restore-test',
  schema: { maxAgeDays: { type: 'number', exclusiveMinimum: 0 } },
  look: async ({ maxAgeDays }, sources, { nowMs }) => {
    const newest = await sources.restoreTest();
    if (newest === undefined) return unknown('no restore was tested yet', HINT);
    const ageMs = nowMs - Date.parse(newest.at);
    const observed = `restored from ${newest.store} ${shownAge(ageMs)}`;
    if (!newest.passed)
      return fail(
        `the restore test from ${newest.store} failed ${shownAge(ageMs)}: ${newest.problem === '' ? 'a target was missed' : newest.problem}`,
        'the newest restore test passed',
        HINT,
      );
    if (ageMs <= maxAgeDays * DAY_MS) return pass(observed);
    return fail(observed, `a restore test at most ${maxAgeDays} days old`, HINT);
  },
});
