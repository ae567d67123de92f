import { lstatSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import type { Slot } from '../../core/layout.ts';
import { withMutex } from '../../core/mutex.ts';

const MUTEX_TIMEOUT_MS = 2000;

export interface SwitchRequest {
  /** Null takes the link away: nothing is live. */
  readonly slot: Slot | null;
  readonly fencingToken: number;
}

export interface SwitchResult {
  readonly previous: string | null;
  readonly current: string | null;
  /** How long the rename took. */
  readonly switchMicroseconds: number;
}

/**
 * Points current.sock at a slot by one rename(2). The lock's token is read and compared under the same kernel lock
 * that lock holders change it under, so a holder that was taken over can never switch, not even in between.
 * Throws `lockLost` for a token that is not the lock's, or lower than one that has switched before.
 */
export function switchSlot(
  paths: { readonly run: string; readonly lock: string },
  request: SwitchRequest,
  clock: Clock,
): SwitchResult {
  return withMutex(`${paths.lock}.mutex`, MUTEX_TIMEOUT_MS, () => {
    refuseStale(paths, request.fencingToken);
    const link = join(paths.run, 'current.sock');
    const previous = targetOf(link);
    writeFileAtomic(join(paths.run, 'fence'), String(request.fencingToken), 0o600);
    const next = request.slot === null ? null : prepareLink(link, `${request.slot}.sock`);
    const startedMs = clock.monotonicMs();
    if (next === null) rmSync(link, { force: true });
    else renameSync(next, link);
    const switchMicroseconds = Math.round((clock.monotonicMs() - startedMs) * 1000);
    return { previous, current: targetOf(link), switchMicroseconds };
  });
}

function refuseStale(paths: { readonly run: string; readonly lock: string }, token: number): void {
  const current = lockToken(paths.lock);
  const greatest = numberIn(join(paths.run, 'fence'));
  if (token === current && token >= greatest) return;
  throw new OmpayError(
    'lockLost',
    `the switch was refused: its token is ${token}, the lock's is ${current}, the greatest that switched is ${greatest}`,
    {
      hint: 'another run has the lock now: ompay lock status',
    },
  );
}

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

function targetOf(link: string): string | null {
  try {
    return lstatSync(link).isSymbolicLink() ? basename(readlinkSync(link)) : null;
  } catch {
    return null;
  }
}

/** A link beside the one that it will replace, so that the switch is a rename inside one folder. */
function prepareLink(link: string, target: string): string {
  const next = `${link}.next`;
  rmSync(next, { force: true });
  symlinkSync(target, next);
  return next;
}
