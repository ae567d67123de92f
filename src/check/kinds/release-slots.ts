import { otherSlot, type Slot } from '../../core/layout.ts';
import { stepIn } from '../history.ts';
import { textIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import type { Slots } from '../sources.ts';
import { type Finding, fail, pass, unknown } from '../types.ts';

/**
 * Blue-green: the new release runs in one slot and what was live before still runs in the other, untouched. Outside a
 * run: what is live runs, and a rollback finds its release in the other slot.
 */
export const releaseSlots = defineKind<object>({
  kind: 'release-slots',
  schema: {},
  look: async (_probe, sources) => {
    const slots = await sources.slots();
    if (slots === undefined) return unknown('nothing runs here', 'ompay deploy');
    const run = await sources.currentRun();
    const candidate = textIn(stepIn(run, 'build', 'release')?.output, 'release');
    if (run === undefined || candidate === undefined) return atRest(slots);
    return inRun(slots, candidate, Date.parse(run.startedAt));
  },
});

function inRun({ live, slots }: Slots, candidate: string, startedMs: number): Finding {
  const slot = slotOf(slots, candidate);
  if (slot === undefined)
    return fail(`${candidate} runs in no slot`, 'the new release runs in a slot of its own', 'ompay logs');
  const other = otherSlot(slot);
  const { release, pid, sinceMs } = slots[other];
  if (live === null) return pass(`${candidate} runs in ${slot}; nothing was live before`);
  const untouched = pid !== null && sinceMs !== null && sinceMs < startedMs;
  const observed = `${candidate} runs in ${slot}, ${release ?? 'nothing'} in ${other}`;
  if (untouched) return pass(`${observed}, since before this run`);
  return fail(
    `${observed}, which was ${pid === null ? 'stopped' : 'started again'} meanwhile`,
    'what is live is not touched',
    `ompay logs ${other}`,
  );
}

function atRest({ live, slots }: Slots): Finding {
  if (live === null) return unknown('no release is live', 'ompay deploy');
  const { release, pid } = slots[live];
  if (release === null || pid === null)
    return fail(`${live} is live and does not run`, 'what is live runs', 'ompay up');
  const other = otherSlot(live);
  const warm = slots[other].pid === null ? 'nothing' : slots[other].release;
  return pass(`${release} is live in ${live}; ${warm ?? 'nothing'} is warm in ${other}`);
}

function slotOf(slots: Slots['slots'], release: string): Slot | undefined {
  return (['blue', 'green'] as const).find(
    (slot) => slots[slot].release === release && slots[slot].pid !== null,
  );
}
