import { messageOf, OmpayError } from '../core/errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlanOutcome } from '../plan/run.ts';

/** What a failed phase becomes for the operator: the exit code says what serves now, the hint what to type. */

type Failed = Extract<PlanOutcome, { kind: 'failed' }>;

/** Of a phase before the switch: clients have seen nothing of it. */
export function failureBefore(plan: Plan, { error, undoFailed }: Failed): unknown {
  if (isLockLost(error)) return error;
  if (undoFailed.length > 0) return notUndone(plan, error, undoFailed);
  // Errors of preflight, lock and the operator's own interruption keep their own exit code: nothing was begun.
  if (plan.name !== 'prepare' || isInterruption(error)) return error;
  return new OmpayError('rolledBack', `the new release was not made live: ${messageOf(error)}`, {
    hint: hintOf(error, 'the old one never stopped serving; read why: ompay report, ompay logs'),
    cause: error,
  });
}

/** Of the switch and what follows, which were undone together. */
export function failureAfter(plan: Plan, { error, undoFailed }: Failed): unknown {
  if (isLockLost(error)) return error;
  if (undoFailed.length > 0) return notUndone(plan, error, undoFailed);
  if (isInterruption(error)) return error;
  return new OmpayError('rolledBack', `rolled back: ${messageOf(error)}`, {
    hint: hintOf(error, 'the release before serves again; read why: ompay report, ompay logs'),
    cause: error,
  });
}

function notUndone(plan: Plan, error: unknown, undoFailed: readonly string[]): OmpayError {
  return new OmpayError(
    'notRolledBack',
    `${messageOf(error)}; and undoing ${undoFailed.join(', ')} of ${plan.name} failed too`,
    {
      hint: 'see what serves now: ompay status; then ompay rollback, or ompay deploy again',
      cause: error,
    },
  );
}

/** Another run decides now; nothing of ours was switched, or the new holder switches it. */
export function isLockLost(error: unknown): boolean {
  return error instanceof OmpayError && error.code === 'lockLost';
}

export function isInterruption(error: unknown): boolean {
  return error instanceof OmpayError && error.code === 'interrupted';
}

/** What the cause says to do comes first: it mends, the rest explains. */
function hintOf(error: unknown, otherwise: string): string {
  return error instanceof OmpayError ? `${error.hint}; ${otherwise}` : otherwise;
}
