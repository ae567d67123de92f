import type { Command } from 'commander';
import { localHost } from '../../host/local.ts';
import { applyFiles, planOf, startUnits, stopUnits } from '../../schedule/place.ts';
import { liveUnits, markOf } from '../../schedule/wanted.ts';
import { hasOption, type Invocation } from '../command.ts';
import { environmentName, environmentOption } from '../kit/environment.ts';
import { schedulePlace } from '../kit/schedule.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .option('--plan', 'show what would be removed, and do nothing')
    .option('--cron', 'the lines in /etc/cron.d instead of timers of systemd')
    .option('--folder <folder>', 'where the files were written');
}

/** Also of an environment that ompay.yml has no more. The log's receiver is ended. Records and metrics stay. */
export async function run(invocation: Invocation): Promise<number> {
  const { command, layout, output } = invocation;
  const place = schedulePlace(invocation);
  const environment = environmentName(invocation);
  const plan = planOf(place.folder, [], markOf({ environment, root: layout.root }));
  const names = plan.changes.map(({ name }) => name);
  if (output.json) output.write(`${JSON.stringify({ folder: place.folder, remove: names })}\n`);
  else if (names.length === 0) output.write(`nothing of ${environment} is installed in ${place.folder}\n`);
  else output.write(names.map((name) => `  remove  ${place.folder}/${name}\n`).join(''));
  if (hasOption(command, 'plan') || names.length === 0) return 0;
  if (place.isLive) await stopUnits(localHost(), liveUnits(plan.changes));
  applyFiles(place.folder, plan);
  if (place.isLive) await startUnits(localHost(), []);
  note(invocation, `schedule of ${environment} removed from ${place.folder}`, { environment, files: names });
  return 0;
}
