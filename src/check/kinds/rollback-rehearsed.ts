import { shownAge } from '../../core/units.ts';
import type { RunSeen } from '../history.ts';
import { textIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

const DAY_MS = 86_400_000;
/** It worked, and its release did not: no reason to keep the correction of that release from being deployed. */
const WENT_BACK = 5;

interface Fields {
  readonly withinDays: number;
}

/** A rollback that really switched, journalled here. A staging environment elsewhere is signed for. */
export const rollbackRehearsed = defineKind<Fields>({
  kind: 'rollback-rehearsed',
  schema: { withinDays: { type: 'integer', minimum: 1, maximum: 365 } },
  look: async ({ withinDays }, sources, { nowMs }) => {
    const rollbacks = (await sources.history()).runs.filter(
      ({ command, end }) => command === 'rollback' && end !== undefined,
    );
    const newest = rollbacks.findLast((run) => !isRefusal(run));
    if (newest !== undefined && newest.end?.exitCode === WENT_BACK)
      return unknown(
        `run ${newest.run} found its release not well and went back`,
        `ompay report ${newest.run}`,
      );
    if (newest !== undefined && newest.end?.exitCode !== 0)
      return fail(`run ${newest.run} failed`, 'the newest rollback succeeds', `ompay report ${newest.run}`);
    const success = rollbacks.findLast(hasSwitched);
    const ageMs = nowMs - Date.parse(success?.end?.at ?? '');
    if (success !== undefined && ageMs <= withinDays * DAY_MS)
      return pass(`run ${success.run}, ${shownAge(ageMs)}`);
    return unknown(`no rollback was rehearsed here in the last ${withinDays} days`, 'rehearse it in staging');
  },
});

function hasSwitched({ end }: RunSeen): boolean {
  return end?.exitCode === 0 && textIn(end.data, 'previous') !== textIn(end.data, 'release');
}

/** Usage (2), a check (3), the lock (4) or an interruption (130): nothing was tried, so nothing failed. */
function isRefusal({ end }: RunSeen): boolean {
  return [2, 3, 4, 130].includes(end?.exitCode ?? 0);
}
