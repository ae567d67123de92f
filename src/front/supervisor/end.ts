import type { Clock } from '../../core/clock.ts';
import { systemCodeOf } from '../../core/errors.ts';
import { isAlive, type ProcessIdentity } from '../../core/process.ts';

const POLL_MS = 10;
/** What the kernel may take to end a process that SIGKILL was sent to. */
const KILL_TIMEOUT_MS = 5000;

/** SIGTERM, then SIGKILL after `timeoutMs`; resolves when the process is gone, or cannot be ended (bounded). */
export async function endProcess(identity: ProcessIdentity, timeoutMs: number, clock: Clock): Promise<void> {
  signalTo(identity, 'SIGTERM');
  if (await gone(identity, timeoutMs, clock)) return;
  signalTo(identity, 'SIGKILL');
  await gone(identity, KILL_TIMEOUT_MS, clock);
}

/** Looks at the start time first, so that a later process with the same number is never hit. */
function signalTo(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
}

async function gone(identity: ProcessIdentity, timeoutMs: number, clock: Clock): Promise<boolean> {
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  while (isAlive(identity)) {
    if (clock.monotonicMs() > deadlineMs) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}
