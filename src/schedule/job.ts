import { join } from 'node:path';

export const JOB_NAMES = ['backup-full', 'backup-logical', 'log-check', 'restore-test'] as const;
export type JobName = (typeof JOB_NAMES)[number];

/** Something that is to happen by itself. */
export interface Job {
  readonly name: JobName;
  readonly title: string;
  /** systemd.time(7), in the machine's own time zone. */
  readonly calendar: string;
  /** The same as five fields of crontab(5). */
  readonly cron: string;
  /** It begins up to so much later, each time another: not every machine at once. */
  readonly delaySeconds: number;
  /** For all of its commands. */
  readonly limitSeconds: number;
  /** How old its last success may be before somebody is to look. */
  readonly maxAgeSeconds: number;
  /** Of databases of servers alone: no stock program dumps the embedded one. */
  readonly isOfServers?: boolean;
  /** What it waits for when both are to run. */
  readonly after: readonly JobName[];
  /** Words of `ompay`, one after the other; one that fails ends it. */
  readonly commands: (place: CommandPlace) => readonly (readonly string[])[];
}

export interface CommandPlace {
  readonly environment: string;
  readonly metricsFolder: string | null;
}

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** What the requirements ask for: daily backups, the log between them watched, a restore each month. */
export const JOBS: readonly Job[] = [
  {
    name: 'backup-full',
    title: 'a full backup each day with what lies beside it, and what the retention does not keep is removed',
    calendar: '*-*-* 02:00:00',
    cron: '0 2 * * *',
    delaySeconds: 600,
    limitSeconds: 6 * HOUR_SECONDS,
    maxAgeSeconds: DAY_SECONDS + 2 * HOUR_SECONDS,
    after: [],
    commands: () => [
      ['backup', 'create'],
      ['backup', 'create', '--kind', 'files'],
      // Last: it removes nothing of a kind whose newest backup is old.
      ['backup', 'prune'],
    ],
  },
  {
    name: 'backup-logical',
    title: 'a dump in SQL each week',
    calendar: 'Sun *-*-* 03:30:00',
    cron: '30 3 * * 0',
    delaySeconds: 600,
    limitSeconds: 6 * HOUR_SECONDS,
    maxAgeSeconds: 8 * DAY_SECONDS,
    isOfServers: true,
    after: ['backup-full'],
    commands: () => [['backup', 'create', '--kind', 'logical']],
  },
  {
    name: 'log-check',
    title: 'each hour, whether the copies are three and how much would be lost now',
    calendar: '*-*-* *:15:00',
    cron: '15 * * * *',
    delaySeconds: 120,
    limitSeconds: 900,
    maxAgeSeconds: 2 * HOUR_SECONDS,
    after: [],
    commands: statusCommand,
  },
  {
    // Soon after the full backup: its age is the RPO that the test measures.
    name: 'restore-test',
    title: 'each month, a restore from one copy alone, proven and measured',
    calendar: '*-*-01 02:30:00',
    cron: '30 2 1 * *',
    delaySeconds: 300,
    limitSeconds: 6 * HOUR_SECONDS,
    maxAgeSeconds: 32 * DAY_SECONDS,
    after: ['backup-full'],
    commands: () => [['restore-test']],
  },
];

function statusCommand({ environment, metricsFolder }: CommandPlace): readonly (readonly string[])[] {
  const metrics =
    metricsFolder === null ? [] : ['--prometheus', join(metricsFolder, `ompay_backup_${environment}.prom`)];
  return [['backup', 'status', '--tell', ...metrics]];
}

/** How long a job waits while another of ompay's commands holds the lock. */
export const LOCK_WAIT_SECONDS = HOUR_SECONDS;

/** Those of an environment of servers, or of this machine's installation. */
export function jobsOf({ isOfServers }: { readonly isOfServers: boolean }): readonly Job[] {
  return JOBS.filter((job) => isOfServers || job.isOfServers !== true);
}

export function isJobName(name: string): name is JobName {
  return JOB_NAMES.some((each) => each === name);
}

export function jobNamed(name: JobName): Job {
  const job = JOBS.find((each) => each.name === name);
  if (job === undefined) throw new TypeError(`${name} is no job`);
  return job;
}
