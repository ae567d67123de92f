import { messageOf, OmpayError } from '../../core/errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { type Outputs, type PlanOutcome, type RunContext, runPlan } from '../../plan/run.ts';
import { openPlan, promotePlan, putBackPlan } from './plan.ts';
import type { Promotion, PromotionRecord } from './promotion.ts';

/**
 * Puts the proven folder in place of the server's own, proves it there, and lets clients write. Throws `rolledBack` when
 * the old database is back, `notRolledBack` when it is not, `interrupted` when it is back after a Ctrl-C.
 */
export async function promote(
  context: RunContext,
  promotion: Promotion,
  recordPath: string,
): Promise<Outputs> {
  const proven = await phase(context, promotePlan(promotion, recordPath), promotion);
  return { ...proven, ...(await phase(unstoppable(context), openPlan(promotion, recordPath), promotion)) };
}

/** Ends a promotion that was killed: forward once it was decided, else back. Throws as `promote` does. */
export async function endPromotion(
  context: RunContext,
  record: PromotionRecord,
  recordPath: string,
): Promise<'in place' | 'put back'> {
  const plan = record.isDecided ? openPlan(record, recordPath) : putBackPlan(record, recordPath);
  await phase(unstoppable(context), plan, record);
  return record.isDecided ? 'in place' : 'put back';
}

/** What is proven, or half put back, is brought to its end. */
function unstoppable(context: RunContext): RunContext {
  return { ...context, signal: new AbortController().signal };
}

async function phase(context: RunContext, plan: Plan, promotion: Promotion): Promise<Outputs> {
  const outcome = await runPlan(plan, context);
  if (outcome.kind === 'done') return outcome.outputs;
  throw failureOf(outcome, plan, promotion);
}

const KEPT: ReadonlySet<string> = new Set(['interrupted', 'lockLost']);

function failureOf(
  { error, undoFailed }: Extract<PlanOutcome, { kind: 'failed' }>,
  { name }: Plan,
  { environment, aside, proven, wasServing }: Promotion,
): unknown {
  const hint = error instanceof OmpayError ? `${error.hint}; then ` : '';
  if (undoFailed.length > 0 || name === 'put-back') {
    const undone = undoFailed.length === 0 ? '' : `; and undoing ${undoFailed.join(', ')} failed too`;
    return new OmpayError('notRolledBack', `${messageOf(error)}${undone}`, {
      hint: `${hint}ompay restore -e ${environment} --resume; the old database is kept in ${aside} until it is back`,
      cause: error,
    });
  }
  if (error instanceof OmpayError && KEPT.has(error.code)) return error;
  const what = wasServing ? 'the old database serves again' : 'the old folder is back';
  return new OmpayError('rolledBack', `not put in place, and ${what}: ${messageOf(error)}`, {
    hint: `${hint}try again, once ${proven} is moved away (it is proven, and stays)`,
    cause: error,
  });
}
