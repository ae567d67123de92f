import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import type { LoadInput, LoadResult } from './load.ts';

/** As many as 64 busy clients, for as long as such a bench takes. */
const FULL_LOAD = { connections: 64, pauseMs: 0, slowMs: 2000, maxMs: 20 * 60_000 };
const WARM_UP_MS = 2000;

export interface Place {
  /** The source to run. */
  readonly tree: string;
  /** The folder that holds `.ompay`. */
  readonly work: string;
}

export function ompay(
  { tree, work }: Place,
  args: readonly string[],
): { status: number | null; stdout: string } {
  return spawnSync(join(tree, 'bin/ompay'), ['-C', work, ...args], { encoding: 'utf8', timeout: 120_000 });
}

/** Milliseconds of the whole process; throws when it does not exit 0. */
export function timed(place: Place, args: readonly string[]): number {
  const startedMs = performance.now();
  const { status, stdout } = ompay(place, args);
  if (status !== 0)
    throw new Error(`ompay ${args.join(' ')} exited ${status}: ${stdout.trim().split('\n').at(-1) ?? ''}`);
  return performance.now() - startedMs;
}

/** Runs `during` while connections send transfers and reads; gives what they saw. The load ends with it. */
export async function underLoad(
  target: {
    readonly work: string;
    readonly port: number;
    readonly users: LoadInput['users'];
    readonly programRoot: string;
    readonly shape?: Pick<LoadInput, 'connections' | 'pauseMs' | 'everyMs' | 'slowMs' | 'maxMs'>;
  },
  during: () => Promise<void>,
): Promise<LoadResult> {
  const inputPath = join(target.work, 'load.json');
  const resultPath = join(target.work, 'result.json');
  const input: LoadInput = {
    ...(target.shape ?? FULL_LOAD),
    port: target.port,
    users: target.users,
    resultPath,
  };
  writeFileSync(inputPath, JSON.stringify(input), { mode: 0o600 });
  const load = spawn(process.execPath, [join(target.programRoot, 'bench/switch/load.ts'), inputPath], {
    stdio: 'inherit',
  });
  const ended = once(load, 'exit');
  await systemClock.sleep(WARM_UP_MS);
  try {
    await during();
  } finally {
    load.kill('SIGTERM');
    await ended;
  }
  const result: LoadResult = JSON.parse(readFileSync(resultPath, 'utf8'));
  return result;
}
