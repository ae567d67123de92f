import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, isoTime } from '../core/clock.ts';
import { messageOf, OmpayError, systemCodeOf } from '../core/errors.ts';
import { assertOwnFolder, writeFileAtomic } from '../core/files.ts';
import { withMutex } from '../core/mutex.ts';
import { parseIdentity } from '../core/ownership.ts';
import { isAlive, type ProcessIdentity, thisProcess } from '../core/process.ts';
import { shownAge } from '../core/units.ts';

/** A holder on another machine, or one taken by hand, is given up this long after its last heartbeat. */
export const LOCK_EXPIRY_MS = 60_000;
const HEARTBEAT_INTERVAL_MS = 10_000;
const MUTEX_TIMEOUT_MS = 5000;

/** What the lock file holds. After a release the file stays, without a holder, so that tokens never go back. */
export interface LockState {
  /** Greater with each holder. Whoever switches presents it; an older one is refused (fencing). */
  readonly fencingToken: number;
  readonly holder: LockHolder | null;
}

export interface LockHolder {
  /** `user@host` */
  readonly owner: string;
  readonly machine: string;
  readonly run: string;
  readonly reason: string;
  /** Null when a person took it by hand: it then lives until its expiry, not with a process. */
  readonly process: ProcessIdentity | null;
  readonly acquiredAtMs: number;
  readonly expiresAtMs: number;
}

export interface LockRequest {
  readonly owner: string;
  readonly machine: string;
  readonly run: string;
  readonly reason: string;
  readonly process: ProcessIdentity | null;
  readonly expiryMs: number;
}

/** Reads the lock; free with token 0 where there is none. Throws `stateUnusable` for a file that is not a lock. */
export function readLock(path: string): LockState {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { fencingToken: 0, holder: null };
    throw unusable(`cannot read the lock file ${path}`, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isLockState(value)) return value;
  } catch (error) {
    throw damaged(path, messageOf(error));
  }
  throw damaged(path, 'its fields are not those of a lock');
}

function isLockState(value: unknown): value is LockState {
  if (typeof value !== 'object' || value === null || !('fencingToken' in value)) return false;
  if (!Number.isSafeInteger(value.fencingToken) || !('holder' in value)) return false;
  return value.holder === null || isHolder(value.holder);
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return (
    ['owner', 'machine', 'run', 'reason'].every((name) => typeof fields[name] === 'string') &&
    ['acquiredAtMs', 'expiresAtMs'].every((name) => Number.isFinite(fields[name])) &&
    (fields.process === null || parseIdentity(fields.process) !== undefined)
  );
}

function damaged(path: string, why: string): OmpayError {
  return new OmpayError('stateUnusable', `the lock file ${path} cannot be understood: ${why}`, {
    hint: `when no other ompay command runs: rm -f '${path}' '${dirname(path)}/fence'`,
  });
}

/** Whether the holder has lost its right: its process ended on this machine, or its time is over. */
export function isStale(
  holder: LockHolder,
  here: { readonly machine: string; readonly nowMs: number },
): boolean {
  if (holder.machine === here.machine && holder.process !== null) return !isAlive(holder.process);
  return holder.expiresAtMs <= here.nowMs;
}

/**
 * Takes the lock at once or throws `lockHeld`, naming the holder. Reading, deciding and writing are one step for all
 * processes of this machine (a kernel lock), so of two requests exactly one wins. Returns the fencing token.
 */
export function acquireLock(
  path: string,
  request: LockRequest,
  clock: Clock,
): { token: number; takenOverFrom: LockHolder | null } {
  assertOwnFolder(dirname(path));
  makeFolder(dirname(path));
  return withMutex(`${path}.mutex`, MUTEX_TIMEOUT_MS, () => {
    const state = readLock(path);
    const nowMs = clock.now();
    if (state.holder !== null && !isStale(state.holder, { machine: request.machine, nowMs }))
      throw held(state.holder, nowMs);
    const token = state.fencingToken + 1;
    const { expiryMs, ...identity } = request;
    write(path, {
      fencingToken: token,
      holder: { ...identity, acquiredAtMs: nowMs, expiresAtMs: nowMs + expiryMs },
    });
    return { token, takenOverFrom: state.holder };
  });
}

function held(holder: LockHolder, nowMs: number): OmpayError {
  const until = isoTime(holder.expiresAtMs);
  const who = `${holder.owner} (${holder.reason}, run ${holder.run}, since ${shownAge(nowMs - holder.acquiredAtMs)}, until ${until})`;
  return new OmpayError('lockHeld', `the lock is held by ${who}`, {
    hint: 'wait, or see `ompay lock status`; when its holder is known to be gone: ompay lock release --force',
  });
}

/** Lengthens the holder's time. Throws `lockLost` when another holds the lock now. */
export function renewLock(path: string, token: number, expiryMs: number, clock: Clock): void {
  withMutex(`${path}.mutex`, MUTEX_TIMEOUT_MS, () => {
    const state = readLock(path);
    if (state.fencingToken !== token || state.holder === null) throw lost(token, state);
    write(path, { ...state, holder: { ...state.holder, expiresAtMs: clock.now() + expiryMs } });
  });
}

/** Gives the lock back when it is still ours (by token); otherwise does nothing and says so. */
export function releaseLock(path: string, token: number): boolean {
  assertOwnFolder(dirname(path));
  return withMutex(`${path}.mutex`, MUTEX_TIMEOUT_MS, () => {
    const state = readLock(path);
    if (state.fencingToken !== token || state.holder === null) return false;
    write(path, { ...state, holder: null });
    return true;
  });
}

function lost(token: number, state: LockState): OmpayError {
  const now = state.holder === null ? 'nobody' : `${state.holder.owner}, run ${state.holder.run}`;
  return new OmpayError(
    'lockLost',
    `the lock was taken over: our token is ${token}, the lock's is ${state.fencingToken}, held by ${now}`,
    {
      hint: 'nothing was switched by this run; see `ompay lock status`, then run the command again',
    },
  );
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(`cannot make the folder ${path}`, error);
  }
}

function write(path: string, state: LockState): void {
  try {
    writeFileAtomic(path, JSON.stringify(state), 0o600);
  } catch (error) {
    throw unusable(`cannot write the lock file ${path}`, error);
  }
}

function unusable(what: string, cause: unknown): OmpayError {
  return new OmpayError('stateUnusable', `${what} (${systemCodeOf(cause) ?? messageOf(cause)})`, {
    hint: 'free some disk space or mend the permissions: ompay doctor',
    cause,
  });
}

export interface HeldLock {
  readonly token: number;
  readonly takenOverFrom: LockHolder | null;
  /**
   * Aborted with `lockLost` when a heartbeat finds that another took the lock, and with what keeps the heartbeats from
   * being written once the lock has expired by that.
   */
  readonly signal: AbortSignal;
  release(): void;
}

/** Takes the lock for this process and keeps it by a heartbeat until released. */
export function holdLock(
  path: string,
  who: Pick<LockRequest, 'owner' | 'machine' | 'run' | 'reason'>,
  clock: Clock,
): HeldLock {
  const { token, takenOverFrom } = acquireLock(
    path,
    { ...who, process: thisProcess(), expiryMs: LOCK_EXPIRY_MS },
    clock,
  );
  const lostController = new AbortController();
  let renewedAtMs = clock.monotonicMs();
  const timer = setInterval(() => {
    try {
      renewLock(path, token, LOCK_EXPIRY_MS, clock);
      renewedAtMs = clock.monotonicMs();
    } catch (error) {
      // A disk that is full for a moment takes the lock from nobody.
      const isLost = error instanceof OmpayError && error.code === 'lockLost';
      if (isLost || clock.monotonicMs() - renewedAtMs >= LOCK_EXPIRY_MS) lostController.abort(error);
    }
  }, HEARTBEAT_INTERVAL_MS);
  timer.unref();
  return {
    token,
    takenOverFrom,
    signal: lostController.signal,
    release: () => {
      clearInterval(timer);
      releaseLock(path, token);
    },
  };
}
