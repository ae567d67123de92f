import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers';

/**
 * A folder for all that a run makes: servers, copies, and, as it becomes TMPDIR, what the commands put there. However this
 * process ends, a signal or the time limit included, what runs in the folder is killed and it is removed.
 */
export function workPlace(limitMs: number): string {
  const work = mkdtempSync(join(tmpdir(), 'ompay-bench-'));
  process.env.TMPDIR = work;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  process.once('exit', () => {
    killAllIn(work);
    // A process that is just dying may still make a file.
    rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  setTimeout(() => {
    process.stderr.write(`not done within ${limitMs / 1000} s\n`);
    process.exit(124);
  }, limitMs).unref();
  return work;
}

/** Servers that a killed command left have no parent to be found by; the folder's name is this run's alone. */
function killAllIn(work: string): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid || !commandOf(name).includes(`${work}/`))
      continue;
    try {
      process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
}

/** Its words, separated by NUL; empty once it has ended. */
export function commandOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Long work is told of as it begins, with the time since the start of this process. */
export function say(what: string): void {
  process.stderr.write(`${process.uptime().toFixed(1).padStart(7)} s  ${what}\n`);
}
