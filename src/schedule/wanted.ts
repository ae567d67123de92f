import { sh } from '../shell/line.ts';
import { JOBS, type Job, LOCK_WAIT_SECONDS } from './job.ts';

/** Whose jobs they are, and how they are begun. */
export interface Schedule {
  readonly environment: string;
  /** Absolute; the program, and the folder that its `-C` gets. */
  readonly program: string;
  readonly root: string;
  /** As whom they run. */
  readonly user: string;
  /** Where Prometheus' text files are written; null: nowhere. */
  readonly metricsFolder: string | null;
  /** The file of the key that opens the environment's secrets, when it is not where that user's is. */
  readonly identityPath: string | null;
}

export interface WantedFile {
  readonly name: string;
  readonly content: string;
}

const SECONDS_TO_END = 60;

/** The first line of each file: what has it is ours to write anew and to remove. */
export function markOf({ environment, root }: Pick<Schedule, 'environment' | 'root'>): string {
  return `# Made by: ompay schedule install -e ${environment}, for ${root}`;
}

export function unitOf(environment: string, job: Job['name']): string {
  return `ompay-${environment}-${job}`;
}

/** Pure. Two units a job, for /etc/systemd/system. A service that runs is not begun again by its timer. */
export function unitFiles(schedule: Schedule): readonly WantedFile[] {
  return JOBS.flatMap((job) => {
    const unit = unitOf(schedule.environment, job.name);
    return [
      { name: `${unit}.service`, content: serviceText(schedule, job) },
      { name: `${unit}.timer`, content: timerText(schedule, job) },
    ];
  });
}

/** Pure. One file for /etc/cron.d, whose names may hold no dot (run-parts(8)). */
export function cronFile(schedule: Schedule): WantedFile {
  const identity = schedule.identityPath;
  const lines = [
    markOf(schedule),
    '# cron does not catch up what was missed while the machine was off: timers of systemd do.',
    ...(identity === null ? [] : [`OMPAY_AGE_IDENTITY_FILE=${identity}`]),
    ...JOBS.flatMap((job) => [
      `# ${job.title}`,
      `${job.cron} ${schedule.user} ${cronCommand(schedule, job)}`,
    ]),
  ];
  return { name: `ompay-${schedule.environment}`, content: `${lines.join('\n')}\n` };
}

function serviceText(schedule: Schedule, job: Job): string {
  const { environment, user, identityPath } = schedule;
  const after = ['network-online.target', ...job.after.map((each) => `${unitOf(environment, each)}.service`)];
  return `${markOf(schedule)}
[Unit]
Description=OMPAY ${environment}: ${job.title}
After=${after.join(' ')}
Wants=network-online.target

[Service]
Type=oneshot
User=${user}
ExecStart=${wordsOf(schedule, job).map(unitWord).join(' ')}
${identityPath === null ? '' : `Environment=${unitWord(`OMPAY_AGE_IDENTITY_FILE=${identityPath}`)}\n`}TimeoutStartSec=${job.limitSeconds + LOCK_WAIT_SECONDS + SECONDS_TO_END}
Nice=10
IOSchedulingClass=idle
`;
}

function timerText(schedule: Schedule, job: Job): string {
  return `${markOf(schedule)}
[Unit]
Description=OMPAY ${schedule.environment}: ${job.title}

[Timer]
OnCalendar=${job.calendar}
RandomizedDelaySec=${job.delaySeconds}
Persistent=true

[Install]
WantedBy=timers.target
`;
}

function wordsOf({ program, root, environment, metricsFolder }: Schedule, { name }: Job): readonly string[] {
  const metrics = metricsFolder === null ? [] : ['--metrics', metricsFolder];
  return [program, '-C', root, 'schedule', 'run', name, '-e', environment, ...metrics];
}

/** cron takes a bare `%` for the end of the line. Its mail would repeat what the journal has. */
function cronCommand(schedule: Schedule, job: Job): string {
  const words = [...wordsOf(schedule, job), '--delay', String(job.delaySeconds)];
  return `${sh`${words}`.text} >/dev/null 2>&1`.replaceAll('%', '\\%');
}

/** systemd.service(5), "Command lines": `%` and `$` mean something also between quotes. */
function unitWord(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
