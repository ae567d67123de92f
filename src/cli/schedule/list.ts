import type { Command } from 'commander';
import { LOCAL } from '../../config/yml/project.ts';
import { shownAge, shownDuration } from '../../core/units.ts';
import { type Job, jobsOf } from '../../schedule/job.ts';
import { presentFiles } from '../../schedule/place.ts';
import { type JobRecord, readRecord } from '../../schedule/record.ts';
import { markOf, streamUnitOf, unitOf } from '../../schedule/wanted.ts';
import { type Invocation, textOption } from '../command.ts';
import { binlogFolder } from '../kit/binlog.ts';
import { environmentName, environmentOption } from '../kit/environment.ts';
import { type ReceiverReport, receiverReport } from '../kit/receiver-state.ts';
import { CRON_FOLDER, UNITS_FOLDER } from '../kit/schedule.ts';
import { table } from '../render.ts';

export function configure(command: Command): void {
  environmentOption(command).option('--folder <folder>', 'where the files were written');
}

interface SeenJob {
  readonly job: Job;
  readonly by: 'systemd' | 'cron' | null;
  readonly record: JobRecord | undefined;
  readonly isOverdue: boolean;
}

/** Null where it is not installed; undefined where it never received anything. */
type SeenReceiver = ReceiverReport | undefined | null;

/** Exit 3 when an installed job is overdue or its last run failed, and when the log's receiver is not well. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, output } = invocation;
  const { jobs, receiver } = await seen(invocation);
  if (output.json) {
    for (const { job, ...rest } of jobs)
      output.write(`${JSON.stringify({ job: job.name, calendar: job.calendar, ...rest })}\n`);
    if (receiver !== null)
      output.write(`${JSON.stringify({ service: 'log-stream', receiver: receiver ?? null })}\n`);
  } else output.write(`${shown(jobs, clock.now())}${shownService(receiver)}`);
  if (receiver !== null && receiver?.health !== 'well') return 3;
  const isWell = jobs.every(({ by, record, isOverdue }) => by === null || !(isOverdue || hasFailed(record)));
  return isWell ? 0 : 3;
}

async function seen(
  invocation: Invocation,
): Promise<{ readonly jobs: readonly SeenJob[]; readonly receiver: SeenReceiver }> {
  const { clock, command, layout } = invocation;
  const environment = environmentName(invocation);
  const folder = textOption(command, 'folder');
  const mark = markOf({ environment, root: layout.root });
  const ours = (path: string) => presentFiles(path).filter(({ content }) => content.startsWith(`${mark}\n`));
  const units = ours(folder ?? UNITS_FOLDER);
  const isCron = ours(folder ?? CRON_FOLDER).some(({ name }) => name === `ompay-${environment}`);
  const isStreamed = units.some(({ name }) => name === streamUnitOf(environment));
  const receiver = isStreamed ? await receiverReport(binlogFolder(layout, environment), clock.now()) : null;
  const jobs = jobsOf({ isOfServers: environment !== LOCAL }).map((job): SeenJob => {
    const isTimed = units.some(({ name }) => name === `${unitOf(environment, job.name)}.timer`);
    const record = readRecord({ layout, environment, job });
    return {
      job,
      by: isTimed ? 'systemd' : isCron ? 'cron' : null,
      record,
      isOverdue: overdueAt(record, job) < clock.now(),
    };
  });
  return { jobs, receiver };
}

function shownService(receiver: SeenReceiver): string {
  if (receiver === null) return '';
  const { health = 'not running', problem = '' } = receiver ?? {};
  return `log-stream, a service: ${health}${problem === '' ? '' : `: ${problem}`}\n`;
}

function overdueAt(record: JobRecord | undefined, { maxAgeSeconds }: Job): number {
  if (record === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(record.installedAtMs, record.lastSuccessAtMs) + maxAgeSeconds * 1000;
}

function hasFailed(record: JobRecord | undefined): boolean {
  return record !== undefined && record.lastExitCode !== 0;
}

function shown(jobs: readonly SeenJob[], nowMs: number): string {
  const ago = (ms: number | undefined): string =>
    ms === undefined || ms === 0 ? 'never' : shownAge(nowMs - ms);
  return table([
    { title: 'JOB', values: jobs.map(({ job }) => job.name) },
    { title: 'WHEN', values: jobs.map(({ job }) => job.calendar) },
    { title: 'BY', values: jobs.map(({ by }) => by ?? '-') },
    { title: 'LAST WELL', values: jobs.map(({ record }) => ago(record?.lastSuccessAtMs)) },
    {
      title: 'LAST RUN',
      values: jobs.map(({ record, isOverdue }) => {
        const late = isOverdue ? ', OVERDUE' : '';
        if (record === undefined || record.lastRunAtMs === 0) return `-${late}`;
        const { lastExitCode, lastDurationMs } = record;
        return `${lastExitCode === 0 ? 'well' : `FAILED (exit ${lastExitCode})`} in ${shownDuration(lastDurationMs)}${late}`;
      }),
    },
  ]);
}
