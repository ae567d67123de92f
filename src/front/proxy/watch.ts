import { type ChildProcess, spawn } from 'node:child_process';
import { livingOwner } from '../../core/ownership.ts';

const INTERVAL_MS = 500;

export interface Watched {
  readonly pidFile: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Starts the supervisor again when it was killed: it watches the front, the front watches it. One start at a time. */
export function watchSupervisor({ pidFile, command, args }: Watched): NodeJS.Timeout {
  let child: ChildProcess | undefined;
  const timer = setInterval(() => {
    const isStarting = child?.exitCode === null && child.signalCode === null;
    if (isStarting || livingOwner(pidFile) !== undefined) return;
    child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC' },
    });
    child.on('error', () => {
      child = undefined;
    });
    child.unref();
  }, INTERVAL_MS);
  timer.unref();
  return timer;
}
