import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { EXIT_CODE_BY_ERROR, OmpayError } from '../core/errors.ts';
import { dropOwnership, takeOwnership } from '../core/ownership.ts';
import type { Host } from '../host/host.ts';
import { sh } from '../shell/line.ts';
import { LOCK_WAIT_SECONDS } from './job.ts';
import { type JobPlace, jobFolder, keepRecord, NEVER_RUN, readRecord, recordAfter } from './record.ts';

const LOCK_STEP_MS = 15_000;

export interface JobKit {
  readonly place: JobPlace;
  readonly host: Host;
  readonly clock: Clock;
  /** Absolute; and the folder that its `-C` gets. */
  readonly program: string;
  readonly root: string;
  readonly metricsFolder: string | null;
  readonly signal: AbortSignal;
  /** What its commands said, as it comes. */
  readonly tell: (said: { readonly stdout: string; readonly stderr: string }) => void;
}

/**
 * Runs the commands of a job, each a process of its own, and records how that ended, whatever it was. A command that finds
 * the lock held is tried again for an hour. Gives the exit code of the first that failed, else 0. Throws `lockHeld` when
 * the job runs already, and the signal's reason.
 */
export async function runJob(kit: JobKit): Promise<number> {
  const { place, clock } = kit;
  const folder = jobFolder(place);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ownerPath = join(folder, `${place.job.name}.owner`);
  const owner = takeOwnership(ownerPath);
  if (owner !== undefined) throw runsAlready(place, owner.pid);
  const beginMs = clock.monotonicMs();
  let exitCode: number = EXIT_CODE_BY_ERROR.internal;
  try {
    exitCode = await runCommands(kit);
    return exitCode;
  } catch (error) {
    exitCode = error instanceof OmpayError ? error.exitCode : exitCode;
    throw error;
  } finally {
    const run = { endedAtMs: clock.now(), durationMs: clock.monotonicMs() - beginMs, exitCode };
    keepRecord(place, recordAfter(readRecord(place) ?? NEVER_RUN, run), kit.metricsFolder);
    dropOwnership(ownerPath);
  }
}

async function runCommands(kit: JobKit): Promise<number> {
  const { place, metricsFolder } = kit;
  for (const words of place.job.commands({ ...place, metricsFolder })) {
    const exitCode = await runWhenFree(kit, words);
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}

async function runWhenFree(kit: JobKit, words: readonly string[]): Promise<number> {
  const { clock, host, place, program, root, signal } = kit;
  const untilMs = clock.monotonicMs() + LOCK_WAIT_SECONDS * 1000;
  const line = sh`${program} -C ${root} ${words} -e ${place.environment}`;
  for (;;) {
    const ended = await host.exec(line, { timeoutMs: place.job.limitSeconds * 1000, signal });
    kit.tell(ended);
    const exitCode = ended.exitCode ?? EXIT_CODE_BY_ERROR.internal;
    if (exitCode !== EXIT_CODE_BY_ERROR.lockHeld || clock.monotonicMs() >= untilMs) return exitCode;
    await clock.sleep(LOCK_STEP_MS, signal);
  }
}

function runsAlready({ job, environment }: JobPlace, pid: number): OmpayError {
  return new OmpayError('lockHeld', `${job.name} of ${environment} runs already (process ${pid})`, {
    hint: `wait until it has ended: ompay schedule list -e ${environment}`,
  });
}
