import type { Command } from 'commander';
import { messageOf } from '../../core/errors.ts';
import { shownAge, shownSize } from '../../core/units.ts';
import type { Invocation } from '../command.ts';
import { listAllKinds } from '../kit/backup-kinds.ts';
import { withBackups } from '../kit/backup-site.ts';
import { environmentOption } from '../kit/environment.ts';
import { table } from '../render.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

/** Every backup here was read back, started and proven before it was listed. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, output } = invocation;
  const { backups, problems } = await withBackups(invocation, (deps) => listAllKinds(deps, invocation));
  if (output.json) for (const backup of backups) output.write(`${JSON.stringify(backup)}\n`);
  else if (backups.length === 0)
    output.write('no backup yet: each deploy takes one of the data that it finds\n');
  else {
    output.write(
      table([
        { title: 'BACKUP', values: backups.map(({ id }) => id) },
        {
          title: 'TAKEN',
          values: backups.map(({ finishedAt }) => shownAge(clock.now() - Date.parse(finishedAt))),
        },
        { title: 'KIND', values: backups.map(({ kind }) => kind) },
        { title: 'METHOD', values: backups.map(({ engine, method }) => `${engine}, ${method}`) },
        { title: 'SIZE', values: backups.map(({ sizeBytes }) => shownSize(sizeBytes)) },
        {
          title: 'COPIES',
          values: backups.map(({ copies }) =>
            copies
              .map(({ store, failedAt }) => `${store}${failedAt === undefined ? '' : ' (damaged)'}`)
              .join(', '),
          ),
        },
      ]),
    );
  }
  for (const problem of problems) process.stderr.write(`! ${messageOf(problem.error)}\n`);
  return problems.length === 0 ? 0 : 3;
}
