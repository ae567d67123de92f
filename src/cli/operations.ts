import type { CommandEntry } from './command.ts';

/** What operators do with servers from day to day, in the order of `--help`. */
export const OPERATIONS_COMMANDS: readonly CommandEntry[] = [
  {
    words: 'exec',
    summary: 'run a command on the hosts of an environment (-e), all at once',
    group: 'Operate',
    load: () => import('./exec.ts'),
  },
  {
    words: 'maintenance on',
    summary: 'answer 503 with Retry-After on all web hosts, or on none',
    group: 'Operate',
    load: () => import('./maintenance/on.ts'),
  },
  {
    words: 'maintenance off',
    summary: 'serve again',
    group: 'Operate',
    load: () => import('./maintenance/off.ts'),
  },
  {
    words: 'maintenance status',
    summary: 'which web hosts are in maintenance; exit 8 when they differ',
    group: 'Look',
    load: () => import('./maintenance/status.ts'),
  },
  {
    words: 'hooks list',
    summary: "the team's own scripts in .ompay/hooks, and when they run",
    group: 'Look',
    load: () => import('./hooks/list.ts'),
  },
  {
    words: 'support-bundle',
    summary: 'collect what helps to find a fault, without secrets',
    group: 'Look',
    load: () => import('./support-bundle.ts'),
  },
];
