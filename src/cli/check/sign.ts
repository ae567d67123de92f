import type { Command } from 'commander';
import { readChecklists } from '../../check/checklist.ts';
import { KINDS } from '../../check/kinds/index.ts';
import { sourceHash } from '../../check/source-tree.ts';
import { signature } from '../../check/statements.ts';
import { type Invocation, textOption } from '../command.ts';
import { keepStatement } from '../kit/checks/keep.ts';

export function configure(command: Command): void {
  command
    .argument('<id>', 'a check (ompay check list)')
    .option('--by <name>', 'who looked')
    .option('--reason <text>', 'what was seen, and where');
}

/** A person looked where no probe can. It counts for this source alone, and 30 days at most. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, command, programRoot } = invocation;
  const wanted = {
    check: args[0] ?? '',
    by: textOption(command, 'by'),
    reason: textOption(command, 'reason'),
  };
  const stated = signature(wanted, readChecklists(programRoot, KINDS), {
    source: sourceHash(programRoot),
    nowMs: clock.now(),
  });
  return keepStatement(invocation, stated, {
    noted: `${stated.by} signed the check ${stated.check}: ${stated.reason}`,
    told: `${stated.check} is signed by ${stated.by}, for this source, until ${stated.until}`,
  });
}
