import type { Command } from 'commander';
import { reverseTransfer } from '../../../api/accounts/reverse.ts';
import { OmpayError } from '../../../core/errors.ts';
import { type Invocation, textOption } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { actor, note } from '../../operation.ts';

const LONGEST_REASON = 500;
const LONGEST_NAME = 200;

export function configure(command: Command): void {
  command
    .argument('<reference>', 'TXN… of the transfer to undo')
    .requiredOption('--reason <text>', 'why, for the records')
    .option('--by <name>', 'who decided (default: who types)');
}

/** Money goes back with its fee; both people are told by SMS. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, command, layout, output } = invocation;
  const [reference = ''] = args;
  const reason = within(textOption(command, 'reason') ?? '', { option: '--reason', most: LONGEST_REASON });
  const by = within(textOption(command, 'by') ?? actor(), { option: '--by', most: LONGEST_NAME });
  const reversal = await withApi(layout, clock, (kit) => reverseTransfer(kit, { reference, reason, by }));
  const { amountXof, feeXof, reversed } = reversal;
  if (reversed)
    note(invocation, `transaction ${reference} reversed`, { ...reversal, original: reference, reason, by });
  if (output.json) output.write(`${JSON.stringify({ original: reference, ...reversal })}\n`);
  else if (reversed) {
    output.write(
      `${reference} is undone by ${reversal.reference}: ${amountXof} FCFA and ${feeXof} FCFA of fee went back\n`,
    );
  } else output.write(`${reference} was undone before, by ${reversal.reference}; nothing was done now\n`);
  return 0;
}

function within(text: string, { option, most }: { readonly option: string; readonly most: number }): string {
  if (text.trim() !== '' && text.length <= most) return text;
  throw new OmpayError('usage', `${option} must have 1 to ${most} characters, seen ${text.length}`, {
    hint: 'ompay api transaction reverse TXN… --reason "sent to the wrong number"',
  });
}
