import type { Command } from 'commander';
import { checkKeys } from '../../../backup/key-check.ts';
import { ensureBackupKeys, readKey } from '../../../backup/keys.ts';
import { messageOf } from '../../../core/errors.ts';
import { type Invocation, textOption } from '../../command.ts';
import { withBackups } from '../../kit/backup-site.ts';
import { environmentOption } from '../../kit/environment.ts';

export function configure(command: Command): void {
  environmentOption(command).option(
    '--key <file>',
    'another private key to try, as escrow brought for the day',
  );
}

/** Opens the newest backup with each key by itself. Exit 3 when one does not. */
export function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output, signal } = invocation;
  return withBackups(invocation, async (deps) => {
    const { identity, escrowIdentity } = await ensureBackupKeys(layout.keys, clock);
    const path = textOption(command, 'key');
    const keys = [
      { name: 'operations', identity },
      ...(escrowIdentity === null ? [] : [{ name: 'escrow', identity: escrowIdentity }]),
      ...(path === undefined ? [] : [{ name: path, identity: (await readKey(path)).identity }]),
    ];
    const checks = await checkKeys(deps, keys, signal);
    for (const { name, recipient, backup, error } of checks) {
      const state = error === null ? `opens ${backup}` : `does NOT open ${backup}: ${messageOf(error)}`;
      const json = { key: name, recipient, backup, opens: error === null };
      output.write(output.json ? `${JSON.stringify(json)}\n` : `${name} (${recipient}): ${state}\n`);
    }
    if (escrowIdentity === null && path === undefined)
      process.stderr.write("escrow's private half is elsewhere: try it with --key FILE\n");
    return checks.every(({ error }) => error === null) ? 0 : 3;
  });
}
