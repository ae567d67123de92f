import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type PrunePlan, pruneBackups } from '../../backup/prune.ts';
import { type LogPrunePlan, pruneLog } from '../../backup/prune-log.ts';
import type { BackupKind } from '../../store/repository/manifest.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { prunePlanOf } from '../kit/backup.ts';
import { BACKUP_KINDS, ofKind } from '../kit/backup-kinds.ts';
import { type SiteBackups, withBackups } from '../kit/backup-site.ts';
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

/** Removes what no rule of the retention keeps, and the log that no kept backup needs. Exit 3 when the clock or the newest full backup forbids it. */
export function run(invocation: Invocation): Promise<number> {
  return withBackups(invocation, async (deps) => {
    let exitCode = 0;
    for (const kind of BACKUP_KINDS)
      exitCode = Math.max(exitCode, await pruneKind(invocation, ofKind(deps, kind, invocation), kind));
    return exitCode;
  });
}

/** Each kind by itself: a dump takes no full backup's place. The log is full backups' alone. */
async function pruneKind(invocation: Invocation, deps: SiteBackups, kind: BackupKind): Promise<number> {
  const { command, output } = invocation;
  const plan = await prunePlanOf(deps);
  if (kind !== 'full' && plan.keep.length + plan.remove.length === 0) return 0;
  const log = kind === 'full' ? await plannedLog(invocation, deps, plan) : NO_LOG;
  if (output.json) {
    const more = kind === 'full' ? { log: toldOf(log) } : { kind };
    output.write(`${JSON.stringify({ ...plan, ...more })}\n`);
  } else output.write(`${kind === 'full' ? '' : `${kind}:\n`}${shown(plan, log)}`);
  tellFailures(log.failures);
  if (plan.refusal !== null) {
    const create = kind === 'full' ? 'ompay backup create' : `ompay backup create --kind ${kind}`;
    process.stderr.write(`! ${plan.refusal}\n  next: ${create}, or set the clock: timedatectl\n`);
    // What a kind has that nobody makes any more stays, and stands in no other's way.
    return kind === 'full' ? 3 : 0;
  }
  if (!hasOption(command, 'plan')) await pruneAsPlanned(invocation, deps, { plan, log });
  return 0;
}

const NO_LOG: LogPrunePlan = { prunings: [], failures: [] };

function plannedLog(invocation: Invocation, deps: SiteBackups, plan: PrunePlan): Promise<LogPrunePlan> {
  const { command, layout } = invocation;
  return logPrunePlanOf(deps, plan, resolve(textOption(command, 'log') ?? binlogFolder(layout, deps.site)));
}

function toldOf({ prunings }: LogPrunePlan) {
  return prunings.map(({ place, epoch, files }) => ({ place, epoch, files }));
}

async function pruneAsPlanned(
  invocation: Invocation,
  deps: SiteBackups,
  { plan, log }: { readonly plan: PrunePlan; readonly log: LogPrunePlan },
): Promise<void> {
  const { output } = invocation;
  if (plan.remove.length > 0) {
    const removed = await pruneBackups(deps, plan);
    note(invocation, `${removed} copies of ${plan.remove.length} backups pruned`, { removed });
    if (!output.json) output.write(`removed ${removed} copies of ${plan.remove.length} backups\n`);
  }
  if (log.prunings.length > 0) {
    const files = await pruneLog(deps, log);
    note(invocation, `${files} files of the log pruned`, { files, log: toldOf(log) });
    if (!output.json) output.write(`removed ${files} files of the log\n`);
  }
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
