import type { CommandEntry } from '../command.ts';

/** The commands of backups, in the order of `--help`. */
export const BACKUP_COMMANDS: readonly CommandEntry[] = [
  {
    words: 'backup create',
    summary: 'copy the database, prove the copy, publish it in every store',
    group: 'Operate',
    load: () => import('./create.ts'),
  },
  {
    words: 'backup stream',
    summary: 'receive the log of a MySQL as it is written (a service)',
    group: 'Operate',
    load: () => import('./stream.ts'),
  },
  {
    words: 'backup verify',
    summary: 'look at copies again, up to proving their ledger',
    group: 'Look',
    load: () => import('./verify.ts'),
  },
  {
    words: 'backup status',
    summary: 'what each store has, how much would be lost, whether 3-2-1 holds',
    group: 'Look',
    load: () => import('./status.ts'),
  },
  {
    words: 'backup list',
    summary: 'the backups that there are, newest first',
    group: 'Look',
    load: () => import('./list.ts'),
  },
  {
    words: 'backup show',
    summary: 'one backup and each of its copies',
    group: 'Look',
    load: () => import('./show.ts'),
  },
  {
    words: 'backup heal',
    summary: 'make missing and damaged copies again from good ones',
    group: 'Operate',
    load: () => import('./heal.ts'),
  },
  {
    words: 'backup prune',
    summary: 'remove what the retention does not keep (--plan: only say)',
    group: 'Operate',
    load: () => import('./prune.ts'),
  },
  {
    words: 'backup keys init',
    summary: 'make the keys, or name an escrow that is kept elsewhere',
    group: 'Operate',
    load: () => import('./keys/init.ts'),
  },
  {
    words: 'backup keys check',
    summary: 'open the newest backup with each key by itself',
    group: 'Look',
    load: () => import('./keys/check.ts'),
  },
  {
    words: 'backup keys rotate',
    summary: 'give a key a successor; older backups stay open',
    group: 'Operate',
    load: () => import('./keys/rotate.ts'),
  },
];
