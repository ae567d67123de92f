import type { Command } from 'commander';
import { createBackup } from '../../backup/create.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import type { Invocation } from '../command.ts';
import { localBackupDeps } from '../kit/backup.ts';
import { note } from '../operation.ts';

export function configure(_command: Command): void {}

/** Copies the database while it serves, starts the copy, proves its ledger, and only then publishes it. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, signal } = invocation;
  const { backup, checks, captureMs, startMs, proveMs } = await createBackup(
    await localBackupDeps(invocation),
    { signal },
  );
  note(invocation, `backup ${backup.id} made and proven`, { backup: backup.id, checks });
  if (output.json) output.write(`${JSON.stringify({ ...backup, checks, captureMs, startMs, proveMs })}\n`);
  else
    output.write(
      `backup ${backup.id}: ${shownSize(backup.sizeBytes)} in ${shownDuration(captureMs)}, started in ${shownDuration(startMs)}, ${checks} checks passed\n`,
    );
  return 0;
}
