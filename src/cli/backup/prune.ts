import type { Command } from 'commander';
import { type PrunePlan, pruneBackups } from '../../backup/prune.ts';
import { hasOption, type Invocation } from '../command.ts';
import { prunePlanOf } from '../kit/backup.ts';
import { withBackups } from '../kit/backup-site.ts';
import { environmentOption } from '../kit/environment.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  environmentOption(command).option('--plan', 'show what would go and why; remove nothing');
}

/** Removes what no rule of the retention keeps. Exit 3 when the clock or the newest backup forbids it. */
export function run(invocation: Invocation): Promise<number> {
  const { command, output } = invocation;
  return withBackups(invocation, async (deps) => {
    const plan = await prunePlanOf(deps);
    output.write(output.json ? `${JSON.stringify(plan)}\n` : shown(plan));
    if (plan.refusal !== null) {
      process.stderr.write(`! ${plan.refusal}\n  next: ompay backup create, or set the clock: timedatectl\n`);
      return 3;
    }
    if (hasOption(command, 'plan') || plan.remove.length === 0) return 0;
    const removed = await pruneBackups(deps, plan);
    note(invocation, `${removed} copies of ${plan.remove.length} backups pruned`, { removed });
    if (!output.json) output.write(`removed ${removed} copies of ${plan.remove.length} backups\n`);
    return 0;
  });
}

function shown({ keep, remove }: PrunePlan): string {
  const lines = [
    ...keep.map(({ backup, reason }) => `  keep    ${backup}  ${reason}\n`),
    ...remove.map(({ backup, reason }) => `  remove  ${backup}  ${reason}\n`),
  ];
  return lines.length === 0 ? 'no backup yet\n' : lines.join('');
}
