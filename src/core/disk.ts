import { dirname } from 'node:path';
import { messageOf, OmpayError, systemCodeOf } from './errors.ts';

const REASON_BY_CODE: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on its disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than is allowed',
  EROFS: 'its disk is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EIO: 'the disk reports an error',
};

/** What a disk refused, as `stateUnusable` for the path; undefined when the error is about something else. */
export function diskRefusal(error: unknown, path: string): OmpayError | undefined {
  const reason = REASON_BY_CODE[systemCodeOf(error) ?? ''];
  if (reason === undefined) return undefined;
  return new OmpayError('stateUnusable', `cannot use ${path}: ${reason} (${messageOf(error)})`, {
    hint: `make room or mend the permissions, then look with: df -h '${dirname(path)}'`,
    cause: error,
  });
}
