import type { Command } from 'commander';
import { type VerifyLevel, verifyBackup } from '../../backup/verify.ts';
import { OmpayError } from '../../core/errors.ts';
import { shownDuration } from '../../core/units.ts';
import { type Invocation, textOption } from '../command.ts';
import { localBackupDeps } from '../kit/backup.ts';
import { note } from '../operation.ts';

const LEVELS: readonly VerifyLevel[] = [0, 1, 2, 3, 4];

export function configure(command: Command): void {
  command
    .argument('[id]', 'a backup (default: latest)')
    .option('--level <n>', '0 exists, 1 hash, 2 decrypts, 3 starts, 4 its ledger is proven', '4');
}

/** Exit 3 when a copy is not what was published. Each look is recorded beside the backups. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, command, output, signal } = invocation;
  const level = LEVELS.find((each) => String(each) === textOption(command, 'level'));
  if (level === undefined) {
    throw new OmpayError(
      'usage',
      `--level must be 0 to 4, seen ${JSON.stringify(textOption(command, 'level'))}`,
      { hint: 'ompay backup verify --level 4' },
    );
  }
  const copies = await verifyBackup(await localBackupDeps(invocation), {
    id: args[0] ?? 'latest',
    level,
    signal,
  });
  for (const { backup, store, tookMs } of copies) {
    note(invocation, `backup ${backup} verified to level ${level} in ${store}`, { backup, level });
    output.write(
      output.json
        ? `${JSON.stringify({ backup, store, level, tookMs })}\n`
        : `${backup} in ${store}: good to level ${level} (${shownDuration(tookMs)})\n`,
    );
  }
  return 0;
}
