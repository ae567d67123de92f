import type { JsonOrigin } from '../../core/json.ts';

/** How an unreadable document of a repository is told, by its key. */
export function documentOrigin(key: string): JsonOrigin {
  return {
    what: key,
    code: 'backupDamaged',
    hint: 'restore it from another copy, or choose another backup: ompay backup list',
  };
}
