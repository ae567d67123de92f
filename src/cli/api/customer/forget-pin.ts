import type { Command } from 'commander';
import { forgetPin } from '../../../api/accounts/forget-pin.ts';
import { type Invocation, textOption } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { note } from '../../operation.ts';

export function configure(command: Command): void {
  command.requiredOption('--phone <number>', 'nine digits, for example 771234567');
}

/** After the person has shown who it is: money moves without a PIN until another is set with the password. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output } = invocation;
  const phone = textOption(command, 'phone') ?? '';
  const forgotten = await withApi(layout, clock, (kit) => forgetPin(kit, phone));
  // The journal is not the place for phone numbers.
  note(invocation, forgotten ? 'a PIN was removed' : 'there was no PIN to remove', {});
  const said = forgotten ? 'its PIN is removed; it sets another with its password' : 'it has no PIN';
  output.write(output.json ? `${JSON.stringify({ phone, forgotten })}\n` : `${phone}: ${said}\n`);
  return 0;
}
