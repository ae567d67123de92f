import { spawn } from 'node:child_process';
import { livingOwner } from '../../core/ownership.ts';

const INTERVAL_MS = 500;

export interface Watched {
  readonly pidFile: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Starts the supervisor again when it was killed: it watches the front, the front watches it. */
export function watchSupervisor({ pidFile, command, args }: Watched): NodeJS.Timeout {
  const timer = setInterval(() => {
    if (livingOwner(pidFile) !== undefined) return;
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC' },
    });
    child.on('error', () => {});
    child.unref();
  }, INTERVAL_MS);
  timer.unref();
  return timer;
}
