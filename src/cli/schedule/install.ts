import type { Command } from 'commander';
import { localHost } from '../../host/local.ts';
import { jobsOf } from '../../schedule/job.ts';
import { applyFiles, idleUnits, planOf, startUnits, stopUnits } from '../../schedule/place.ts';
import type { SchedulePlan } from '../../schedule/plan.ts';
import { keepRecord, NEVER_RUN, readRecord } from '../../schedule/record.ts';
import {
  cronFile,
  liveUnits,
  markOf,
  type Schedule,
  unitFiles,
  type WantedFile,
} from '../../schedule/wanted.ts';
import { hasOption, type Invocation } from '../command.ts';
import { environmentOption } from '../kit/environment.ts';
import { type SchedulePlace, scheduleOf, schedulePlace } from '../kit/schedule.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .option('--plan', 'show what would be written and started, and do nothing')
    .option('--cron', 'lines for /etc/cron.d instead of timers of systemd')
    .option('--user <name>', 'as whom the jobs run (default: who installs them)')
    .option('--metrics <folder>', "where node_exporter's textfile collector reads")
    .option('--folder <folder>', 'write the files there, and start nothing');
}

/** Writes the units or lines, and starts the timers and the log's receiver. What is as it should be is left alone. */
export async function run(invocation: Invocation): Promise<number> {
  const { command, output } = invocation;
  const place = schedulePlace(invocation);
  const schedule = scheduleOf(invocation);
  const wanted = place.kind === 'cron' ? [cronFile(schedule)] : unitFiles(schedule);
  const plan = planOf(place.folder, wanted, markOf(schedule));
  const units = place.isLive ? await toStart(wanted, plan) : [];
  output.write(
    output.json
      ? `${JSON.stringify({ ...plan, folder: place.folder, start: units })}\n`
      : shown(plan, place, units),
  );
  if (hasOption(command, 'plan') || plan.changes.length + units.length === 0) return 0;
  const gone = plan.changes.flatMap((each) => (each.change === 'remove' ? [each] : []));
  if (place.isLive) await stopUnits(localHost(), liveUnits(gone));
  applyFiles(place.folder, plan);
  if (place.isLive) await startUnits(localHost(), units);
  markInstalled(invocation, schedule);
  note(invocation, `schedule of ${schedule.environment} installed in ${place.folder}`, {
    environment: schedule.environment,
    folder: place.folder,
    files: plan.changes.map(({ name }) => name),
  });
  return 0;
}

/** What was written anew counts only from its next start. */
async function toStart(wanted: readonly WantedFile[], { changes }: SchedulePlan): Promise<readonly string[]> {
  const units = liveUnits(wanted);
  const idle = await idleUnits(localHost(), units);
  return units.filter((name) => idle.includes(name) || changes.some((each) => each.name === name));
}

/** From here on a job that never succeeds is overdue. */
function markInstalled({ layout, clock }: Invocation, schedule: Schedule): void {
  const { environment, metricsFolder } = schedule;
  for (const job of jobsOf(schedule)) {
    const place = { layout, environment, job };
    const record = readRecord(place) ?? { ...NEVER_RUN, installedAtMs: clock.now() };
    keepRecord(place, record, metricsFolder);
  }
}

function shown({ changes }: SchedulePlan, place: SchedulePlace, units: readonly string[]): string {
  if (changes.length + units.length === 0) return `all is installed in ${place.folder}; nothing to do\n`;
  return [
    ...changes.map(({ change, name }) => `  ${change.padEnd(6)}  ${place.folder}/${name}\n`),
    ...units.map((name) => `  start   ${name}\n`),
  ].join('');
}
