import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import { supervisorClient } from './supervisor-client.ts';

const START_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** How to start the supervisor: the same words for the command line and for the front, which brings a killed one back. */
export interface SupervisorCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

export function supervisorCommand(
  layout: Layout,
  program: { readonly nodePath: string; readonly bundlePath: string },
): SupervisorCommand {
  const options = {
    services: layout.services,
    run: layout.run,
    lock: layout.lock,
    fence: layout.fence,
    live: layout.live,
    log: join(layout.logs, 'supervisor.log'),
  };
  return {
    command: program.nodePath,
    args: [
      '--disable-warning=ExperimentalWarning',
      program.bundlePath,
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    cwd: layout.state,
  };
}

/** Starts the supervisor unless one answers; resolves once it does. Of two that start at once, one stays. */
export async function ensureSupervisor(
  layout: Layout,
  command: SupervisorCommand,
  clock: Clock,
): Promise<void> {
  const client = supervisorClient(layout.supervisorSocket);
  if (await answers(client)) return;
  spawnDetached(layout, command);
  const deadlineMs = clock.monotonicMs() + START_TIMEOUT_MS;
  while (!(await answers(client))) {
    if (clock.monotonicMs() > deadlineMs) {
      throw new OmpayError('timeout', `the supervisor did not answer within ${START_TIMEOUT_MS} ms`, {
        hint: 'read why: ompay logs supervisor',
      });
    }
    await clock.sleep(POLL_MS);
  }
}

/** Starts a process that outlives this one and its terminal. */
export function spawnDetached(layout: Layout, { command, args, cwd }: SupervisorCommand): void {
  mkdirSync(layout.logs, { recursive: true, mode: 0o700 });
  const log = openSync(join(layout.logs, 'supervisor.log'), 'a', 0o600);
  try {
    const child = spawn(command, args, {
      cwd,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC' },
      stdio: ['ignore', log, log],
      detached: true,
    });
    child.on('error', () => {});
    child.unref();
  } finally {
    closeSync(log);
  }
}

async function answers(client: ReturnType<typeof supervisorClient>): Promise<boolean> {
  try {
    await client.status();
    return true;
  } catch {
    return false;
  }
}
