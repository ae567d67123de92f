import type { Slot } from '../../core/layout.ts';
import type { Json } from '../../plan/plan.ts';

/** The slot that a step names; anything else is a fault of ours. */
export function slotIn(value: Json | undefined): Slot {
  if (value === 'blue' || value === 'green') return value;
  throw new TypeError(`not a slot: ${JSON.stringify(value)}`);
}
