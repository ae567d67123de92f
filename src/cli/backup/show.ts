import type { Command } from 'commander';
import type { Backup } from '../../backup/types.ts';
import { OmpayError } from '../../core/errors.ts';
import { shownAge, shownSize } from '../../core/units.ts';
import type { Invocation } from '../command.ts';
import { listAllKinds } from '../kit/backup-kinds.ts';
import { withBackups } from '../kit/backup-site.ts';
import { environmentOption } from '../kit/environment.ts';
import { shownTime } from '../operation.ts';
import { table } from '../render.ts';

export function configure(command: Command): void {
  environmentOption(command).argument('[id]', 'a backup, or the beginning of its id (default: the newest)');
}

/** One backup: what it is of, and each of its copies. Exit 3 when a copy was found wrong. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, output } = invocation;
  const { backups } = await withBackups(invocation, (deps) => listAllKinds(deps, invocation));
  const backup = chosen(backups, args[0]);
  const isDamaged = backup.copies.some(({ failedAt }) => failedAt !== undefined);
  if (output.json) output.write(`${JSON.stringify(backup)}\n`);
  else {
    output.write(
      [
        `backup ${backup.id} (${backup.kind}, ${backup.method})`,
        `  of       ${backup.engine}-${backup.serverUuid}, ${backup.serverVersion}`,
        `  taken    ${shownTime(Date.parse(backup.startedAt))}, ${shownAge(clock.now() - Date.parse(backup.startedAt))}; proven ${shownTime(Date.parse(backup.finishedAt))}`,
        `  position ${backup.from} to ${backup.to}`,
        `  size     ${shownSize(backup.sizeBytes)} stored, ${shownSize(backup.plainSizeBytes)} of files`,
        '',
      ].join('\n'),
    );
    output.write(copiesTable(backup, clock.now()));
  }
  return isDamaged ? 3 : 0;
}

function chosen(backups: readonly Backup[], id: string | undefined): Backup {
  const matches = backups.filter((backup) => id === undefined || backup.id.startsWith(id.toUpperCase()));
  const [backup, another] = matches;
  if (backup !== undefined && (id === undefined || another === undefined)) return backup;
  const seen =
    another === undefined
      ? `there is no backup ${id ?? 'yet'}`
      : `${matches.length} backups begin with ${id}`;
  throw new OmpayError('notFound', seen, {
    hint: backups.length === 0 ? 'ompay backup create' : 'ompay backup list',
  });
}

function copiesTable({ copies }: Backup, nowMs: number): string {
  const age = (at: string): string => shownAge(nowMs - Date.parse(at));
  return table([
    { title: 'COPY', values: copies.map(({ store }) => store) },
    { title: 'READ BACK', values: copies.map(({ verifiedAt }) => age(verifiedAt)) },
    {
      title: 'STATE',
      values: copies.map(({ failedAt }) => (failedAt === undefined ? 'good' : `DAMAGED ${age(failedAt)}`)),
    },
    { title: 'WHERE', values: copies.map(({ offsite }) => (offsite ? 'off-site' : 'on site')) },
    { title: 'LOCKED', values: copies.map(({ immutable }) => (immutable ? 'yes' : 'no')) },
  ]);
}
