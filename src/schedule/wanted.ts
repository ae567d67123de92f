import { sh } from '../shell/line.ts';
import { type Job, jobsOf, LOCK_WAIT_SECONDS } from './job.ts';

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
  /** Whether its database is of servers, which stock programs dump. */
  readonly isOfServers: boolean;
  /** Whether the database's log is received all the time (MySQL). */
  readonly isLogReceived: boolean;
}

export interface WantedFile {
  readonly name: string;
  readonly content: string;
}

const SECONDS_TO_END = 60;
const SECONDS_TO_RESTART = 2;

/** The first line of each file: what has it is ours to write anew and to remove. */
export function markOf({ environment, root }: Pick<Schedule, 'environment' | 'root'>): string {
  return `# Made by: ompay schedule install -e ${environment}, for ${root}`;
}

export function unitOf(environment: string, job: Job['name']): string {
  return `ompay-${environment}-${job}`;
}

/** The service that receives the log; it never ends by itself. */
export function streamUnitOf(environment: string): string {
  return `ompay-${environment}-log-stream.service`;
}

/** Pure. Two units a job and the receiver's, for /etc/systemd/system. A service that runs is not begun again by its timer. */
export function unitFiles(schedule: Schedule): readonly WantedFile[] {
  const ofJobs = jobsOf(schedule).flatMap((job) => {
    const unit = unitOf(schedule.environment, job.name);
    return [
      { name: `${unit}.service`, content: serviceText(schedule, job) },
      { name: `${unit}.timer`, content: timerText(schedule, job) },
    ];
  });
  if (!schedule.isLogReceived) return ofJobs;
  return [...ofJobs, { name: streamUnitOf(schedule.environment), content: streamText(schedule) }];
}

/** Pure. What is to be enabled and to run: a service with `Restart=` and the timers of the others. */
export function liveUnits(files: readonly Pick<WantedFile, 'name'>[]): readonly string[] {
  return files.map(({ name }) => name).filter((name) => /\.timer$|-log-stream\.service$/.test(name));
}

/** Pure. One file for /etc/cron.d, whose names may hold no dot (run-parts(8)). */
export function cronFile(schedule: Schedule): WantedFile {
  const identity = schedule.identityPath;
  const lines = [
    markOf(schedule),
    '# cron does not catch up what was missed while the machine was off: timers of systemd do.',
    ...(identity === null ? [] : [`OMPAY_AGE_IDENTITY_FILE=${identity}`]),
    ...jobsOf(schedule).flatMap((job) => [
      `# ${job.title}`,
      `${job.cron} ${schedule.user} ${cronCommand(schedule, job)}`,
    ]),
  ];
  return { name: `ompay-${schedule.environment}`, content: `${lines.join('\n')}\n` };
}

function serviceText(schedule: Schedule, job: Job): string {
  const { environment, user } = schedule;
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
${identityLine(schedule)}TimeoutStartSec=${job.limitSeconds + LOCK_WAIT_SECONDS + SECONDS_TO_END}
Nice=10
IOSchedulingClass=idle
`;
}

/** Away for a moment, a COMMIT waits for it: so it is started again at once, however often, and before other work. */
function streamText(schedule: Schedule): string {
  const { environment, program, root, user } = schedule;
  const words = [program, '-C', root, 'backup', 'stream', '-e', environment];
  return `${markOf(schedule)}
[Unit]
Description=OMPAY ${environment}: receives the database's log
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User=${user}
ExecStart=${words.map(unitWord).join(' ')}
${identityLine(schedule)}Restart=always
RestartSec=${SECONDS_TO_RESTART}
TimeoutStopSec=${SECONDS_TO_END}

[Install]
WantedBy=multi-user.target
`;
}

function identityLine({ identityPath }: Schedule): string {
  return identityPath === null ? '' : `Environment=${unitWord(`OMPAY_AGE_IDENTITY_FILE=${identityPath}`)}\n`;
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
