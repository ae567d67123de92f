import type { CommandEntry } from '../command.ts';

/** What happens by itself, in the order of `--help`. */
export const SCHEDULE_COMMANDS: readonly CommandEntry[] = [
  {
    words: 'schedule install',
    summary: 'have backups, checks and restore tests run by themselves',
    group: 'Operate',
    load: () => import('./install.ts'),
  },
  {
    words: 'schedule list',
    summary: 'the jobs: when, whether they are installed, how they last ended',
    group: 'Look',
    load: () => import('./list.ts'),
  },
  {
    words: 'schedule remove',
    summary: 'nothing runs by itself any more; what runs now goes on',
    group: 'Operate',
    load: () => import('./remove.ts'),
  },
  {
    words: 'schedule run',
    summary: 'run a job now, as its timer does, and record how it ended',
    group: 'Operate',
    load: () => import('./run.ts'),
  },
];
