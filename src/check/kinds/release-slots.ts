import { otherSlot } from '../../core/layout.ts';
import { type RunSeen, stepIn } from '../history.ts';
import { textIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import type { Slots } from '../sources.ts';
import { type Finding, fail, pass, unknown } from '../types.ts';

/**
 * Blue-green: the new release runs in the slot that nobody uses, and what was live before still has the other. Outside
 * a run: what is live runs, and a rollback finds its release in the other slot.
 */
export const releaseSlots = defineKind<object>({
  kind: 'release-slots',
  schema: {},
  look: async (_probe, sources) => {
    const slots = await sources.slots();
    if (slots === undefined) return unknown('nothing runs here', 'ompay deploy');
    const run = await sources.currentRun();
    const candidate = textIn(stepIn(run, 'build', 'release')?.output, 'release');
    return run === undefined || candidate === undefined ? atRest(slots) : inRun(slots, candidate, run);
  },
});

function inRun({ live, slots }: Slots, candidate: string, run: RunSeen): Finding {
  const hasSwitched = stepIn(run, 'switch', 'switch')?.outcome === 'done';
  const slot = live === null ? 'blue' : hasSwitched ? live : otherSlot(live);
  const seen = slots[slot];
  if (seen.release !== candidate || seen.pid === null)
    return fail(
      `${slot} holds ${seen.release ?? 'nothing'}${seen.pid === null ? ', which does not run' : ''}`,
      `${candidate} runs in ${slot}`,
      `ompay logs ${slot}`,
    );
  if (live === null) return pass(`${candidate} runs in ${slot}; nothing was live before`);
  return beside(slots, candidate, otherSlot(slot));
}

/** Whether the old release kept its slot. That it died by itself is no reason to keep its successor back. */
function beside(slots: Slots['slots'], candidate: string, old: 'blue' | 'green'): Finding {
  const { release, pid, restarts } = slots[old];
  if (release === null) return fail(`${old} was emptied`, 'what is live keeps its slot', `ompay logs ${old}`);
  const observed = `${candidate} runs beside ${release} in ${old}`;
  if (pid === null) return unknown(`${observed}, which does not run by itself`, `ompay logs ${old}`);
  return pass(restarts === 0 ? observed : `${observed}, which has died ${restarts} times`);
}

function atRest({ live, slots }: Slots): Finding {
  if (live === null) return unknown('no release is live', 'ompay deploy');
  const { release, pid } = slots[live];
  if (release === null || pid === null)
    return fail(`${live} is live and does not run`, 'what is live runs', 'ompay up');
  const other = slots[otherSlot(live)];
  const warm = other.pid === null ? null : other.release;
  return pass(`${release} is live in ${live}; ${warm ?? 'nothing'} is warm in ${otherSlot(live)}`);
}
