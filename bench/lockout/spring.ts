import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const OPERATOR = join(import.meta.dirname, 'operator.ts');
const RUN_MS = 180_000;

/** How the operator ends: by itself, or killed when a step of that verb has begun. */
export type Ending = 'stays' | 'killed at the change' | 'killed at the knock';

export interface Spring {
  /** Of the lab's installation. */
  readonly root: string;
  readonly host: string;
  readonly trap: string;
  readonly ending: Ending;
  readonly guardSeconds: number;
}

export interface Sprung {
  /** Of the operator; null when it was killed. */
  readonly exitCode: number | null;
  readonly output: string;
}

/** Provisions with a trap, and kills the operator where it is to be killed. */
export function spring({ root, host, trap, ending, guardSeconds }: Spring): Promise<Sprung> {
  const child = spawn(process.execPath, [OPERATOR, root, host, trap, String(guardSeconds)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: RUN_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
    if (isDue(output, ending)) child.kill('SIGKILL');
  });
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, output })));
}

/** The step after the last change begins when all of the change is done. */
function isDue(output: string, ending: Ending): boolean {
  if (ending === 'stays') return false;
  const step = ending === 'killed at the change' ? String.raw`\.\d+` : String.raw`\.knock`;
  return new RegExp(`"type":"step-started","plan":"[^"]+","step":"[^"]+${step}"`).test(output);
}

/** Seconds until a new login works, or null when none did for so long. */
export async function reachableAfter(
  { root, host }: Pick<Spring, 'root' | 'host'>,
  limitSeconds: number,
): Promise<number | null> {
  const startedMs = performance.now();
  const config = join(root, '.ompay/lab/ssh_config');
  const words = ['-F', config, '-o', 'ConnectTimeout=3', '-o', 'ServerAliveInterval=2', host, 'sudo -n true'];
  for (;;) {
    const seconds = (performance.now() - startedMs) / 1000;
    if (seconds > limitSeconds) return null;
    if (spawnSync('ssh', words, { stdio: 'ignore', timeout: 10_000 }).status === 0) return seconds;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
