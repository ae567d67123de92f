import { readHistory } from '../../../check/history.ts';
import type { Statement } from '../../../check/statements.ts';
import { journalFiles } from '../../../plan/journal.ts';
import type { Invocation } from '../../command.ts';
import { note } from '../../operation.ts';

/**
 * Puts a statement of a person into the journal and tells it. In a journal that was changed no statement counts: throws
 * rather than say that it does.
 */
export function keepStatement(
  invocation: Invocation,
  stated: Statement,
  said: { readonly noted: string; readonly told: string },
): number {
  const { layout, output } = invocation;
  readHistory(journalFiles(layout));
  note(invocation, said.noted, { ...stated });
  output.write(output.json ? `${JSON.stringify(stated)}\n` : `${said.told}\n`);
  return 0;
}
