import type { OpeningOptions } from '../store/repository/extract.ts';
import type { BackupDeps } from './types.ts';

/** How copies are opened: by the key in use, or by one that was in use when they were made. */
export function openingOf(
  { identity, formerIdentities, progress }: Pick<BackupDeps, 'identity' | 'formerIdentities' | 'progress'>,
  signal: AbortSignal | undefined,
): OpeningOptions {
  return {
    identity,
    ...(formerIdentities === undefined ? {} : { formerIdentities }),
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  };
}
