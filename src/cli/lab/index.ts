import type { CommandEntry } from '../command.ts';

export const LAB_COMMANDS: readonly CommandEntry[] = [
  {
    words: 'lab up',
    summary: 'make the rehearsal hosts on this machine, or start them again',
    group: 'Operate',
    load: () => import('./up.ts'),
  },
  {
    words: 'lab status',
    summary: 'the rehearsal hosts: address, state, whether sshd answers',
    group: 'Look',
    load: () => import('./status.ts'),
  },
  {
    words: 'lab exec',
    summary: 'run a command in a rehearsal host as root: exec HOST -- COMMAND',
    group: 'Operate',
    load: () => import('./exec.ts'),
  },
  {
    words: 'lab cut',
    summary: 'cut a rehearsal host off the network',
    group: 'Operate',
    load: () => import('./cut.ts'),
  },
  {
    words: 'lab join',
    summary: 'join it again',
    group: 'Operate',
    load: () => import('./join.ts'),
  },
  {
    words: 'lab down',
    summary: 'end the rehearsal hosts and remove all of them',
    group: 'Operate',
    load: () => import('./down.ts'),
  },
];
