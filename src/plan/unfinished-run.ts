import { EXIT_CODE_BY_ERROR } from '../core/errors.ts';
import { type JournalFiles, newestLines } from './journal.ts';
import type { JsonObject } from './plan.ts';

/** A run that took the lock and never wrote how it ended. */
export interface UnfinishedRun {
  readonly command: string;
  readonly input: JsonObject;
}

/**
 * The newest run of one of these commands, when it was killed; undefined when it came to its end. A run that was refused
 * the lock changed nothing and does not count. Reads the journal's tail alone (1 MB, some thirty runs). Throws
 * `stateUnusable`.
 */
export function unfinishedRun(
  files: Pick<JournalFiles, 'lines'>,
  commands: readonly string[],
): UnfinishedRun | undefined {
  const exitCodes = new Map<string, number>();
  for (const { run, event } of newestLines(files)) {
    if (event.type === 'run-done') exitCodes.set(run, event.exitCode);
    if (event.type !== 'run-started' || !commands.includes(event.command)) continue;
    const exitCode = exitCodes.get(run);
    if (exitCode === undefined) return { command: event.command, input: event.input };
    if (exitCode !== EXIT_CODE_BY_ERROR.lockHeld) return undefined;
  }
  return undefined;
}
