import type { Command } from 'commander';
import { readChecklists } from '../../check/checklist.ts';
import { readHistory } from '../../check/history.ts';
import { KINDS } from '../../check/kinds/index.ts';
import { sourceHash } from '../../check/source-tree.ts';
import { signature } from '../../check/statements.ts';
import { journalFiles } from '../../plan/journal.ts';
import { type Invocation, textOption } from '../command.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  command
    .argument('<id>', 'a check (ompay check list)')
    .option('--by <name>', 'who looked')
    .option('--reason <text>', 'what was seen, and where');
}

/** A person looked where no probe can. It counts for this source alone, and 30 days at most. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, command, output, programRoot } = invocation;
  const wanted = {
    check: args[0] ?? '',
    by: textOption(command, 'by'),
    reason: textOption(command, 'reason'),
  };
  const stated = signature(wanted, readChecklists(programRoot, KINDS), {
    source: sourceHash(programRoot),
    nowMs: clock.now(),
  });
  // In a journal that was changed no statement counts: this throws rather than say that it does.
  readHistory(journalFiles(invocation.layout));
  note(invocation, `${stated.by} signed the check ${stated.check}: ${stated.reason}`, { ...stated });
  if (output.json) output.write(`${JSON.stringify(stated)}\n`);
  else output.write(`${stated.check} is signed by ${stated.by}, for this source, until ${stated.until}\n`);
  return 0;
}
