import { readFileSync } from 'node:fs';
import { OmpayError, systemCodeOf } from '../errors.ts';
import { writeFileAtomic } from '../files.ts';
import { withMutex } from '../mutex.ts';

const MUTEX_TIMEOUT_MS = 2000;

export interface FencePaths {
  readonly lock: string;
  /** The greatest token that ever switched. */
  readonly fence: string;
}

/**
 * Runs `body` if the token is the lock's. It is read and compared under the same kernel lock that lock holders change
 * it under, so a holder that was taken over can never change what is live, not even in between. `body` gets the
 * greatest token that ever switched. Throws `lockLost` for a token that is not the lock's, or lower than that one.
 */
export function fenced<T>(
  paths: FencePaths,
  { what, token }: { readonly what: string; readonly token: number | undefined },
  body: (greatest: number) => T,
): T {
  return withMutex(`${paths.lock}.mutex`, MUTEX_TIMEOUT_MS, () => {
    const current = lockToken(paths.lock);
    const greatest = numberIn(paths.fence);
    if (token !== undefined && token === current && token >= greatest) return body(greatest);
    const seen = token === undefined ? 'it has no token' : `its token is ${token}`;
    throw new OmpayError(
      'lockLost',
      `${what} was refused: ${seen}, the lock's is ${current}, the greatest that switched is ${greatest}`,
      { hint: 'another run has the lock now: ompay lock status' },
    );
  });
}

/** Notes the token as the greatest, before anything is switched by it: the switch itself then writes no byte. Throws `lockLost`. */
export function raiseFence(paths: FencePaths, token: number): void {
  fenced(paths, { what: 'arming the switch', token }, (greatest) => {
    if (token !== greatest) writeFileAtomic(paths.fence, String(token), 0o600);
  });
}

/** -1 when nobody holds the lock. */
function lockToken(path: string): number {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const isHeld = typeof value === 'object' && value !== null && 'holder' in value && value.holder !== null;
    return isHeld && 'fencingToken' in value && typeof value.fencingToken === 'number'
      ? value.fencingToken
      : -1;
  } catch {
    return -1;
  }
}

function numberIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
