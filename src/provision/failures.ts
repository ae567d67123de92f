import { messageOf, OmpayError } from '../core/errors.ts';
import type { HostName } from '../host/host.ts';
import type { HostOutcome } from './provision.ts';

/** Hosts that could not be looked at: nothing was begun anywhere. The first decides the exit code. */
export function lookFailure(failed: ReadonlyMap<HostName, unknown>, others: readonly HostName[]): unknown {
  const [first] = failed.values();
  if (!(first instanceof OmpayError)) return first;
  const untouched = others.length === 0 ? '' : `; nothing was changed on ${others.join(', ')}`;
  const messages = [...failed.values()].map(messageOf).join('; ');
  return new OmpayError(first.code, `${messages}${untouched}`, { hint: first.hint, cause: first });
}

/** Of the hosts that failed, as one error, or undefined when none did. What could not be undone weighs most. */
export function provisionFailure(outcomes: readonly HostOutcome[]): unknown {
  const failures = outcomes.flatMap(({ host, failure }) =>
    failure === undefined ? [] : [{ host, ...failure }],
  );
  const [first] = failures;
  if (first === undefined) return undefined;
  const bug = failures.find(({ error }) => !(error instanceof OmpayError));
  if (bug !== undefined) return bug.error;
  const interruption = failures.find(
    ({ error }) => isNamed(error, 'interrupted') || isNamed(error, 'lockLost'),
  );
  const isUndone = failures.every(({ undoFailed }) => undoFailed.length === 0);
  if (interruption !== undefined && isUndone) return interruption.error;
  const done = outcomes.filter(({ failure }) => failure === undefined).map(({ host }) => host);
  const parts = [
    ...failures.map(({ error, plan, undoFailed }) => `${plan}: ${messageOf(error)}${shownUndo(undoFailed)}`),
    ...(done.length === 0 ? [] : [`${done.join(', ')} ${done.length === 1 ? 'is' : 'are'} as declared`]),
  ];
  const hint = first.error instanceof OmpayError ? first.error.hint : '';
  return new OmpayError(codeOf(first.error, isUndone), parts.join('; '), { hint, cause: first.error });
}

function shownUndo(undoFailed: readonly string[]): string {
  return undoFailed.length === 0 ? '' : `; and could not be undone: ${undoFailed.join(', ')}`;
}

/** A look that finds drift after all rounds has undone nothing; all else was put back with its role. */
function codeOf(error: unknown, isUndone: boolean): 'drift' | 'rolledBack' | 'notRolledBack' {
  if (isNamed(error, 'drift')) return 'drift';
  return isUndone ? 'rolledBack' : 'notRolledBack';
}

function isNamed(error: unknown, code: OmpayError['code']): boolean {
  return error instanceof OmpayError && error.code === code;
}
