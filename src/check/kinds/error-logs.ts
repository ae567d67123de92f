import type { RunSeen } from '../history.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

/** pino's number for `error`; greater is worse (getpino.io, levels). */
const ERROR_LEVEL = 50;

interface Fields {
  /** Lines at error level that are borne. */
  readonly allowed: number;
}

/** What the live release wrote since it was switched to, and whether its process died meanwhile. */
export const errorLogs = defineKind<Fields>({
  kind: 'error-logs',
  schema: { allowed: { type: 'integer', minimum: 0 } },
  look: async ({ allowed }, sources) => {
    const [slots, { runs }] = await Promise.all([sources.slots(), sources.history()]);
    if (slots === undefined || slots.live === null) return unknown('nothing is live here', 'ompay deploy');
    const switchedAt = runs.findLast(hasSwitched)?.steps.findLast(isSwitch)?.at;
    if (switchedAt === undefined) return unknown('the journal tells of no switch yet', 'ompay deploy');
    const { live } = slots;
    const lines = await sources.logLines(live);
    const errors = lines.filter((line) => isErrorSince(line, Date.parse(switchedAt)));
    const { restarts } = slots.slots[live];
    const deaths = restarts === 0 ? '' : `; its process died and was started again, ${restarts} times`;
    const observed = `${errors.length} lines at error level from ${live} since ${switchedAt}${deaths}`;
    if (errors.length <= allowed && restarts === 0) return pass(observed);
    return fail(observed, `at most ${allowed}, and no death`, `ompay logs ${live}`);
  },
});

function isSwitch({ step, outcome }: RunSeen['steps'][number]): boolean {
  return step === 'switch' && outcome === 'done';
}

function hasSwitched(run: RunSeen): boolean {
  return run.steps.some(isSwitch);
}

/** Other lines than the API's own JSON have no level and no time: they are left to the eye. */
function isErrorSince(line: string, sinceMs: number): boolean {
  if (!line.startsWith('{')) return false;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('level' in value) || !('time' in value))
      return false;
    return Number(value.level) >= ERROR_LEVEL && Number(value.time) >= sinceMs;
  } catch {
    return false;
  }
}
