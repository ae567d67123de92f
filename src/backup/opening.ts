import type { OpeningOptions } from '../store/repository/extract.ts';
import type { BackupDeps } from './types.ts';

/** How copies are opened: by the key in use, or by one that was in use when they were made. */
export function openingOf(
  { identity, formerIdentities }: Pick<BackupDeps, 'identity' | 'formerIdentities'>,
  signal: AbortSignal | undefined,
): OpeningOptions {
  return {
    identity,
    ...(formerIdentities === undefined ? {} : { formerIdentities }),
    ...(signal === undefined ? {} : { signal }),
  };
}
