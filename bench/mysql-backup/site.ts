import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import type { MysqlSource } from '../../tests/engine/mysql/source.ts';
import { copyFromMysql } from '../../tests/fixtures/mysql-project.ts';
import { endOf, makeServersFolder } from '../../tests/fixtures/servers-project.ts';
import { type PeakMemory, peakMemoryOf } from './memory.ts';

const PROGRAM = new URL('../../bin/ompay', import.meta.url).pathname;
const COMMAND_TIMEOUT_MS = 20 * 60_000;
/** An environment file holds no backslash, which the fixture's own has. */
const PASSWORD = 'of-the-backup';

/** An installation whose environment `staging` is the source; its copies go to this disk and a directory. */
export interface Site {
  readonly root: string;
  /** A whole process of the command line, `-e staging`, with `--json`. Throws what it wrote when it does not end with 0. */
  run(...words: readonly string[]): Promise<Finished>;
  /** The same, looked at as it runs, which makes it slower. */
  watch(...words: readonly string[]): Promise<PeakMemory>;
  start(...words: readonly string[]): ChildProcess;
}

export interface Finished {
  /** From before the process is started until it has ended. */
  readonly wallMs: number;
  /** What it says of itself: its last line. */
  readonly told: Readonly<Record<string, unknown>>;
}

export async function makeSite(work: string, source: MysqlSource): Promise<Site> {
  const folder = join(work, 'site');
  mkdirSync(folder);
  const { root, variables } = await makeServersFolder(folder);
  const session = await source.connect();
  await session.run(`alter user backup@'127.0.0.1' identified by '${PASSWORD}'`);
  session.close();
  await copyFromMysql(root, { access: { ...source.access, password: new Secret(PASSWORD) } });
  const start = (...words: readonly string[]): ChildProcess =>
    spawn(PROGRAM, ['-C', root, ...words, '-e', 'staging', '--json'], {
      // Sockets of servers lie in TMPDIR, and their paths must be short.
      env: { ...process.env, ...variables, TMPDIR: work },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
  const run = async (...words: readonly string[]): Promise<Finished> => {
    const beginMs = systemClock.monotonicMs();
    const told = await toldBy(start(...words), words);
    return { told, wallMs: systemClock.monotonicMs() - beginMs };
  };
  const watch = async (...words: readonly string[]): Promise<PeakMemory> => {
    const child = start(...words);
    const [memory] = await Promise.all([peakMemoryOf(child), toldBy(child, words)]);
    return memory;
  };
  return { root, start, run, watch };
}

async function toldBy(child: ChildProcess, words: readonly string[]): Promise<Finished['told']> {
  const { exitCode, stdout, stderr } = await endOf(child);
  if (exitCode !== 0) throw new Error(`ompay ${words.join(' ')} ended with ${exitCode}: ${stderr}`);
  return toldIn(stdout);
}

function toldIn(stdout: string): Finished['told'] {
  const value: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  if (typeof value !== 'object' || value === null) throw new Error(`no figures: ${stdout}`);
  return Object.fromEntries(Object.entries(value));
}

/** @throws Error when the command did not tell it. */
export function numberIn({ told }: Finished, name: string): number {
  const value = told[name];
  if (typeof value !== 'number') throw new Error(`${name} is missing in ${JSON.stringify(told)}`);
  return value;
}
