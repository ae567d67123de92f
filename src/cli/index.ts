import type { CommandEntry } from './command.ts';

/** Every command, in the order of `--help`. Adding one is its file and a line here. */
export const commands: readonly CommandEntry[] = [
  {
    words: 'deploy',
    summary: 'build this source, prove it beside the running release, switch to it',
    group: 'Every day',
    load: () => import('./deploy.ts'),
  },
  {
    words: 'rollback',
    summary: 'switch back to the previous release, or to RELEASE',
    group: 'Every day',
    load: () => import('./rollback.ts'),
  },
  {
    words: 'status',
    summary: 'what runs, what is live, what is wrong',
    group: 'Every day',
    load: () => import('./status.ts'),
  },
  {
    words: 'up',
    summary: 'start what was deployed before (after a reboot or `down`)',
    group: 'Operate',
    load: () => import('./up.ts'),
  },
  {
    words: 'down',
    summary: 'stop everything; the data stays',
    group: 'Operate',
    load: () => import('./down.ts'),
  },
  {
    words: 'migrate status',
    summary: 'the migrations and what each still waits for',
    group: 'Operate',
    load: () => import('./migrate/status.ts'),
  },
  {
    words: 'migrate up',
    summary: 'apply the expand steps that are missing',
    group: 'Operate',
    load: () => import('./migrate/up.ts'),
  },
  {
    words: 'migrate contract',
    summary: 'remove what no release needs any more',
    group: 'Operate',
    load: () => import('./migrate/contract.ts'),
  },
  {
    words: 'api outbox',
    summary: 'the messages that the API sent, newest last (OTPs too)',
    group: 'Operate',
    load: () => import('./api/outbox.ts'),
  },
  {
    words: 'api distributor create',
    summary: 'make a distributor with a float',
    group: 'Operate',
    load: () => import('./api/distributor/create.ts'),
  },
  {
    words: 'lock status',
    summary: 'who holds the lock, until when',
    group: 'Operate',
    load: () => import('./lock/status.ts'),
  },
  {
    words: 'lock acquire',
    summary: 'take the lock by hand, to keep deploys away',
    group: 'Operate',
    load: () => import('./lock/acquire.ts'),
  },
  {
    words: 'lock release',
    summary: 'give it back',
    group: 'Operate',
    load: () => import('./lock/release.ts'),
  },
  {
    words: 'releases',
    summary: 'the releases kept here, newest first',
    group: 'Look',
    load: () => import('./releases.ts'),
  },
  {
    words: 'logs',
    summary: 'what the services wrote (-f follows)',
    group: 'Look',
    load: () => import('./logs.ts'),
  },
  {
    words: 'audit list',
    summary: 'who did what, when',
    group: 'Look',
    load: () => import('./audit/list.ts'),
  },
  {
    words: 'audit verify',
    summary: 'prove that no line of the journal was changed',
    group: 'Look',
    load: () => import('./audit/verify.ts'),
  },
  {
    words: 'backup list',
    summary: 'the backups kept here, newest first',
    group: 'Look',
    load: () => import('./backup/list.ts'),
  },
  {
    words: 'doctor',
    summary: 'check this machine and this installation',
    group: 'Look',
    load: () => import('./doctor.ts'),
  },
  {
    words: 'completion',
    summary: 'print the completion script for SHELL (bash, zsh, fish)',
    group: 'Help',
    load: () => import('./completion.ts'),
  },
];
