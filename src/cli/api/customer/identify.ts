import type { Command } from 'commander';
import { identifyCustomer } from '../../../api/accounts/identify.ts';
import { type Invocation, textOption } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { note } from '../../operation.ts';

export function configure(command: Command): void {
  command.requiredOption('--phone <number>', 'nine digits, for example 771234567');
}

/** After the person's id card was seen: the limits of an identified holder apply from now on. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output } = invocation;
  const phone = textOption(command, 'phone') ?? '';
  await withApi(layout, clock, (kit) => identifyCustomer(kit, phone));
  // The journal is not the place for phone numbers: the audit trail of the API is.
  note(invocation, 'a customer was identified', {});
  output.write(
    output.json
      ? `${JSON.stringify({ identified: phone })}\n`
      : `${phone} is identified: its higher limits apply now\n`,
  );
  return 0;
}
