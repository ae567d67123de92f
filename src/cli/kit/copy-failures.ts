import type { CopyFailure } from '../../backup/capture.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';

/** Says on stderr what did not work of one store, with what to do. */
export function tellFailures(failures: readonly CopyFailure[]): void {
  for (const { store, error } of failures) {
    const hint = error instanceof OmpayError ? `\n  next: ${error.hint}` : '';
    process.stderr.write(`! ${store}: ${messageOf(error)}${hint}\n`);
  }
}

/** For people, without what to do. */
export function shownFailures(failures: readonly CopyFailure[]): string {
  return failures.map(({ store, error }) => `${store}: ${messageOf(error)}`).join('\n');
}

/** 0 without any; else the code of the first: what was done is done, and something is missing. */
export function exitCodeOf(failures: readonly { readonly error: unknown }[]): number {
  const [first] = failures;
  if (first === undefined) return 0;
  return first.error instanceof OmpayError ? first.error.exitCode : 6;
}
