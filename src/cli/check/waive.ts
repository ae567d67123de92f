import type { Command } from 'commander';
import { readChecklists } from '../../check/checklist.ts';
import { KINDS } from '../../check/kinds/index.ts';
import { waiver } from '../../check/statements.ts';
import { type Invocation, textOption } from '../command.ts';
import { keepStatement } from '../kit/checks/keep.ts';

export function configure(command: Command): void {
  command
    .argument('<id>', 'a check (ompay check list)')
    .option('--by <name>', 'who answers for it')
    .option('--reason <text>', 'why it is borne')
    .option('--until <date>', 'the last day (UTC), YYYY-MM-DD, at most 90 days away');
}

/** A failure is borne for a while. It counts for any source until that day has ended. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, command, programRoot } = invocation;
  const wanted = {
    check: args[0] ?? '',
    by: textOption(command, 'by'),
    reason: textOption(command, 'reason'),
    until: textOption(command, 'until'),
  };
  const stated = waiver(wanted, readChecklists(programRoot, KINDS), clock.now());
  return keepStatement(invocation, stated, {
    noted: `${stated.by} waived the check ${stated.check}: ${stated.reason}`,
    told: `${stated.check} is waived by ${stated.by} until ${stated.until}`,
  });
}
