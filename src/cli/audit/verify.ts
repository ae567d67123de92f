import type { Command } from 'commander';
import { journalFiles } from '../../plan/journal.ts';
import { verifyJournal } from '../../plan/verify.ts';
import type { Invocation } from '../command.ts';

export function configure(_command: Command): void {}

/** Exit 0 when every line is as it was written, 3 when not, naming the line. */
export async function run({ layout, output }: Invocation): Promise<number> {
  const files = journalFiles(layout);
  const verdict = await verifyJournal(files);
  if (output.json) output.write(`${JSON.stringify({ file: files.lines, ...verdict })}\n`);
  else if (verdict.kind === 'intact') {
    const torn =
      verdict.tornLines === 0
        ? ''
        : `; ${verdict.tornLines} unfinished lines of killed commands, never acknowledged`;
    output.write(`intact: ${verdict.lines} lines, chained and signed${torn}\n`);
  } else
    output.write(
      `broken at line ${verdict.line} of ${files.lines}: ${verdict.why}\n  next: compare with a copy of the journal; what was done since is not proven\n`,
    );
  return verdict.kind === 'intact' ? 0 : 3;
}
