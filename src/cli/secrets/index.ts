import type { CommandEntry } from '../command.ts';

export const SECRETS_COMMANDS: readonly CommandEntry[] = [
  {
    words: 'secrets set',
    summary: 'keep a secret, encrypted in the repository; its value is typed or comes by stdin',
    group: 'Operate',
    load: () => import('./set.ts'),
  },
  {
    words: 'secrets list',
    summary: 'which secrets an environment has, and which it lacks',
    group: 'Look',
    load: () => import('./list.ts'),
  },
  {
    words: 'secrets edit',
    summary: 'all secrets of an environment in your editor',
    group: 'Operate',
    load: () => import('./edit.ts'),
  },
  {
    words: 'secrets rotate',
    summary: 'encrypt to the recipients of now; --new makes new values',
    group: 'Operate',
    load: () => import('./rotate.ts'),
  },
];
