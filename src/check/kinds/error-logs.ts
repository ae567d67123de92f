import { isoTime } from '../../core/clock.ts';
import { otherSlot } from '../../core/layout.ts';
import { type LogLine, readLogLine } from '../../core/log-line.ts';
import type { RunSeen } from '../history.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

const HOUR_MS = 3_600_000;
const SHOWN = 3;

interface Fields {
  /** Lines at error level that are borne, of kinds that the release before did not write. */
  readonly allowedNew: number;
  /** How far back from the switch the release before is read. */
  readonly comparedHours: number;
}

/**
 * What the live release wrote at error level since it was switched to, or since its process's start when that is later.
 * What the release before wrote as well is no fault of this one, and must not keep its correction back.
 */
export const errorLogs = defineKind<Fields>({
  kind: 'error-logs',
  schema: {
    allowedNew: { type: 'integer', minimum: 0 },
    comparedHours: { type: 'number', exclusiveMinimum: 0, maximum: 168 },
  },
  look: async ({ allowedNew, comparedHours }, sources) => {
    const [slots, { runs }] = await Promise.all([sources.slots(), sources.history()]);
    if (slots === undefined || slots.live === null) return unknown('nothing is live here', 'ompay deploy');
    const switchedAt = runs.findLast(hasSwitched)?.steps.findLast(isSwitch)?.at;
    if (switchedAt === undefined) return unknown('the journal tells of no switch yet', 'ompay deploy');
    const { live } = slots;
    const { restarts, sinceMs } = slots.slots[live];
    const fromMs = Math.max(Date.parse(switchedAt), restarts === 0 ? (sinceMs ?? 0) : 0);
    const errors = errorsIn(await sources.logLines(live)).filter(({ timeMs }) => timeMs >= fromMs);
    const old = otherSlot(live);
    const oldLines = slots.slots[old].release === null ? [] : await sources.logLines(old);
    const beforeMs = Date.parse(switchedAt) - comparedHours * HOUR_MS;
    const known = new Set(
      errorsIn(oldLines).flatMap((error) => (error.timeMs >= beforeMs ? [error.what] : [])),
    );
    const fresh = errors.filter(({ what }) => !known.has(what));
    const deaths = restarts === 0 ? '' : `; its process died ${restarts} times`;
    const counted = `${errors.length} lines at error level from ${live} since ${isoTime(fromMs)}`;
    const observed = `${counted}, ${fresh.length} of new kinds${shown(fresh)}${deaths}`;
    if (fresh.length <= allowedNew && restarts === 0) return pass(observed);
    return fail(observed, `at most ${allowedNew} of new kinds, and no death`, `ompay logs ${live}`);
  },
});

function isSwitch({ step, outcome }: RunSeen['steps'][number]): boolean {
  return step === 'switch' && outcome === 'done';
}

function hasSwitched(run: RunSeen): boolean {
  return run.steps.some(isSwitch);
}

interface LoggedError {
  readonly timeMs: number;
  /** Its message, and its cause's; with numbers left out, so that two of one kind are the same. */
  readonly what: string;
}

function shown(errors: readonly LoggedError[]): string {
  const kinds = [...new Set(errors.map(({ what }) => what))].slice(0, SHOWN);
  return kinds.length === 0 ? '' : `: ${kinds.join(', ')}`;
}

/** Other lines than the API's own JSON have no level and no time: they are left to the eye. */
function errorsIn(lines: readonly string[]): readonly LoggedError[] {
  return lines
    .flatMap((line) => readLogLine(line) ?? [])
    .filter(({ severity }) => severity === 'error')
    .map((line) => ({ timeMs: line.timeMs, what: kindOf(line) }));
}

function kindOf({ message, error }: LogLine): string {
  const cause = error === undefined ? '' : ` (${error})`;
  return `${message}${cause}`.replace(/\d+/g, '#').slice(0, 200);
}
