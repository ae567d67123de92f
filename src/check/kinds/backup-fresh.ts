import { shownAge } from '../../core/units.ts';
import { stepIn } from '../history.ts';
import { textIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

const HOUR_MS = 3_600_000;

interface Fields {
  readonly maxAgeHours: number;
}

/** A backup that was started and proven: by this run, or else not older than a limit. */
export const backupFresh = defineKind<Fields>({
  kind: 'backup-fresh',
  schema: { maxAgeHours: { type: 'number', exclusiveMinimum: 0 } },
  look: async ({ maxAgeHours }, sources, { nowMs }) => {
    const run = await sources.currentRun();
    const proven = stepIn(run, 'migrate', 'backup')?.output;
    const backup = textIn(proven, 'backup');
    if (backup !== undefined) return pass(`${backup}, made and proven by this run`);
    // The step was done and made none: it saw that there was no data yet.
    if (proven !== undefined) return pass('there was no data yet when this run began');
    const [newest] = await sources.backups();
    if (newest === undefined) return unknown('there is no backup yet', 'ompay backup create');
    const ageMs = nowMs - Date.parse(newest.finishedAt);
    const observed = `${newest.id}, proven ${shownAge(ageMs)}`;
    if (ageMs <= maxAgeHours * HOUR_MS) return pass(observed);
    return fail(observed, `at most ${maxAgeHours} h old`, 'ompay backup create');
  },
});
