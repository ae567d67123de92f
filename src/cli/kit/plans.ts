import type { Plan } from '../../plan/plan.ts';
import { planText } from '../../plan/text.ts';
import type { Output } from '../command.ts';

/** `--plan`: for people as text, for scripts one plan a line. */
export function printPlans(output: Output, plans: readonly Plan[]): void {
  if (output.json) for (const plan of plans) output.write(`${JSON.stringify(plan)}\n`);
  else output.write(plans.map(planText).join('\n'));
}
