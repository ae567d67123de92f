import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

const TIMEOUT_MS = 20 * 60_000;

/** A program and its arguments. */
export type Program = readonly [string, ...string[]];

export interface PipeEnds {
  /** Read by the first and written by the last; a file of that name is replaced. */
  readonly from?: string;
  readonly into?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs programs one into the next, as a shell does, within 20 minutes. Throws unless every one ends with 0. */
export async function piped(programs: readonly Program[], ends: PipeEnds = {}): Promise<void> {
  const files = [openSync(ends.from ?? '/dev/null', 'r'), openSync(ends.into ?? '/dev/null', 'w')] as const;
  const children: ChildProcess[] = [];
  for (const [index, [program, ...args]] of programs.entries()) {
    const before = children.at(-1)?.stdout;
    const isLast = index === programs.length - 1;
    const child = spawn(program, args, {
      stdio: [before ?? files[0], isLast ? files[1] : 'pipe', 'pipe'],
      env: { ...process.env, ...ends.environment },
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    // Only the next one reads it now: when that ends, the one before learns it.
    before?.destroy();
    children.push(child);
  }
  for (const file of files) closeSync(file);
  await Promise.all(children.map((child, index) => succeeded(child, programs[index]?.[0] ?? '')));
}

async function succeeded(child: ChildProcess, name: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-2000);
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${name} ended with ${code ?? signal}: ${said}`);
}
