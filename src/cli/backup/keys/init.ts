import type { Command } from 'commander';
import { ensureBackupKeys, keyPath, setEscrow } from '../../../backup/keys.ts';
import { type Invocation, textOption } from '../../command.ts';
import { note } from '../../operation.ts';

export function configure(command: Command): void {
  command.option('--escrow <recipient>', 'the public half (age1…) of a key that is kept elsewhere');
}

/** Makes the keys that are missing and says who can open backups. */
export async function run({ clock, command, layout, output, ...rest }: Invocation): Promise<number> {
  const escrow = textOption(command, 'escrow');
  if (escrow !== undefined) {
    await setEscrow(layout.keys, escrow);
    note({ clock, command, layout, output, ...rest }, 'escrow of backups set', { recipient: escrow });
  }
  const { recipients, escrowIdentity } = await ensureBackupKeys(layout.keys, clock);
  if (output.json) output.write(`${JSON.stringify({ recipients })}\n`);
  else for (const { name, recipient } of recipients) output.write(`${name.padEnd(10)} ${recipient}\n`);
  if (escrowIdentity !== null && !output.json)
    output.write(
      `escrow's private half is on this machine (${keyPath(layout.keys, 'escrow')}): keep it off-line, with another person,\nthen: ompay backup keys init --escrow ${recipients[1]?.recipient ?? 'age1…'}\n`,
    );
  return 0;
}
