import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type PrunePlan, pruneBackups } from '../../backup/prune.ts';
import { type LogPrunePlan, pruneLog } from '../../backup/prune-log.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { prunePlanOf } from '../kit/backup.ts';
import { withBackups } from '../kit/backup-site.ts';
import { binlogFolder } from '../kit/binlog.ts';
import { tellFailures } from '../kit/copy-failures.ts';
import { environmentOption } from '../kit/environment.ts';
import { logPrunePlanOf } from '../kit/prune-log.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .option('--plan', 'show what would go and why; remove nothing')
    .option('--log <folder>', "where the log is received (default: the installation's)");
}

/** Removes what no rule of the retention keeps, and the log that no kept backup needs. Exit 3 when the clock or the newest backup forbids it. */
export function run(invocation: Invocation): Promise<number> {
  const { command, layout, output } = invocation;
  return withBackups(invocation, async (deps) => {
    const plan = await prunePlanOf(deps);
    const root = resolve(textOption(command, 'log') ?? binlogFolder(layout, deps.site));
    const log = await logPrunePlanOf(deps, plan, root);
    const told = log.prunings.map(({ place, epoch, files }) => ({ place, epoch, files }));
    output.write(output.json ? `${JSON.stringify({ ...plan, log: told })}\n` : shown(plan, log));
    tellFailures(log.failures);
    if (plan.refusal !== null) {
      process.stderr.write(`! ${plan.refusal}\n  next: ompay backup create, or set the clock: timedatectl\n`);
      return 3;
    }
    if (hasOption(command, 'plan')) return 0;
    if (plan.remove.length > 0) {
      const removed = await pruneBackups(deps, plan);
      note(invocation, `${removed} copies of ${plan.remove.length} backups pruned`, { removed });
      if (!output.json) output.write(`removed ${removed} copies of ${plan.remove.length} backups\n`);
    }
    if (log.prunings.length > 0) {
      const files = await pruneLog(deps, log);
      note(invocation, `${files} files of the log pruned`, { files, log: told });
      if (!output.json) output.write(`removed ${files} files of the log\n`);
    }
    return 0;
  });
}

function shown({ keep, remove }: PrunePlan, { prunings }: LogPrunePlan): string {
  const lines = [
    ...keep.map(({ backup, reason }) => `  keep    ${backup}  ${reason}\n`),
    ...remove.map(({ backup, reason }) => `  remove  ${backup}  ${reason}\n`),
    ...prunings.map(
      ({ place, epoch, files }) =>
        `  remove  log of ${place}, epoch ${epoch}: ${files.join(' ')}  before all that a kept backup needs\n`,
    ),
  ];
  return lines.length === 0 ? 'no backup yet\n' : lines.join('');
}
