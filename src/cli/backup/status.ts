import type { Command } from 'commander';
import { listBackups } from '../../backup/list.ts';
import { is321 } from '../../backup/three-two-one.ts';
import { shownAge } from '../../core/units.ts';
import type { Invocation } from '../command.ts';
import { localBackupDeps } from '../kit/backup.ts';

const READ_BACK_WITHIN_MS = 31 * 86_400_000;

export function configure(_command: Command): void {}

/** Exit 3 while the newest backup is not three copies on two media with one off-site: here it never is. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, output } = invocation;
  const { backups } = await listBackups(await localBackupDeps(invocation));
  const newest = backups[0];
  const rule = is321(newest?.copies ?? [], { nowMs: clock.now(), readBackWithinMs: READ_BACK_WITHIN_MS });
  const ageMs = newest === undefined ? null : clock.now() - Date.parse(newest.finishedAt);
  if (output.json) output.write(`${JSON.stringify({ newest: newest?.id ?? null, ageMs, ...rule })}\n`);
  else {
    output.write(
      newest === undefined || ageMs === null
        ? 'no backup yet: ompay backup create\n'
        : `newest: ${newest.id}, ${shownAge(ageMs)}, proven before it was published\n`,
    );
    output.write(
      rule.is321
        ? '3-2-1 holds\n'
        : `3-2-1 does not hold:\n${rule.missing.map((each) => `  ${each}\n`).join('')}`,
    );
  }
  return rule.is321 ? 0 : 3;
}
