import type { Command } from 'commander';
import { rotateKey } from '../../../backup/keys.ts';
import { hasOption, type Invocation } from '../../command.ts';
import { note } from '../../operation.ts';

export function configure(command: Command): void {
  command.option('--escrow', "escrow's key, not that of operations");
}

/** Gives a key a successor for backups to come. The old one stays: older backups are for it. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output } = invocation;
  const name = hasOption(command, 'escrow') ? 'escrow' : 'operations';
  const recipient = await rotateKey(layout.keys, name, clock);
  note(invocation, `the backup key of ${name} rotated`, { name, recipient });
  if (output.json) output.write(`${JSON.stringify({ name, recipient })}\n`);
  else
    output.write(
      `${name} is ${recipient} from now on; the old key stays in ${layout.keys} for older backups\nnext: ompay backup create, ompay backup keys check\n`,
    );
  return 0;
}
