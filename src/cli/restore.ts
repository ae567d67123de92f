import { resolve } from 'node:path';
import type { Command } from 'commander';
import { shownDuration } from '../core/units.ts';
import { restoreBackup } from '../restore/restore.ts';
import { type Invocation, textOption } from './command.ts';
import { localBackupDeps } from './kit/backup.ts';
import { note } from './operation.ts';

export function configure(command: Command): void {
  command
    .argument('[id]', 'a backup (default: latest)')
    .requiredOption('--into <folder>', 'an empty or absent folder, which becomes a data folder');
}

/** Makes a proven data folder of a backup. It replaces nothing: the folder must be empty. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, command, output, signal } = invocation;
  const into = resolve(textOption(command, 'into') ?? '');
  const restored = await restoreBackup(await localBackupDeps(invocation), {
    id: args[0] ?? 'latest',
    into,
    signal,
  });
  note(invocation, `backup ${restored.backup} restored into ${into}`, { backup: restored.backup });
  const { backup, fetchMs, startMs, proveMs, checks } = restored;
  if (output.json)
    output.write(`${JSON.stringify({ backup, into, fetchMs, startMs, proveMs, checks: checks.length })}\n`);
  else {
    output.write(
      `${backup} is in ${into}: fetched in ${shownDuration(fetchMs)}, started in ${shownDuration(startMs)}, ${checks.length} checks in ${shownDuration(proveMs)}\n`,
    );
    output.write(`to use it: ompay down, put the folder in place of ${invocation.layout.data}, ompay up\n`);
  }
  return 0;
}
