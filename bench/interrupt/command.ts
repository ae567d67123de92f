import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Stop, stopsText } from './stops.ts';

const PRELOAD = fileURLToPath(new URL('./stop-at.ts', import.meta.url));
/** Longer than any command may take; one that is still there is a finding, and is killed. */
const COMMAND_LIMIT_MS = 400_000;
const PIPE_LIMIT_MS = 1000;

export interface Place {
  /** The source to run. */
  readonly tree: string;
  /** The folder that holds `.ompay`. */
  readonly root: string;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly tookMs: number;
  readonly events: readonly JournalEvent[];
  readonly stdout: string;
  readonly stderr: string;
}

export type JournalEvent = Readonly<Record<string, unknown>>;

export interface Started {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** The system's temporary folder, as commands of this place see it: what they leave there is found. Short, as sockets are made in it. */
export function temporaryFolderOf({ root }: Place): string {
  return join(root, 't');
}

/** Starts `ompay --json …` in a process group of its own. */
export function start(
  place: Place,
  args: readonly string[],
  options: { readonly stops?: readonly Stop[]; readonly killAfterMs?: number } = {},
): Started {
  const startedMs = performance.now();
  const temporary = temporaryFolderOf(place);
  mkdirSync(temporary, { recursive: true });
  const stops =
    options.stops === undefined
      ? {}
      : { NODE_OPTIONS: `--import=${PRELOAD}`, OMPAY_BENCH_STOPS: stopsText(options.stops) };
  const child = spawn(join(place.tree, 'bin/ompay'), ['-C', place.root, ...args, '--json'], {
    env: { ...process.env, ...stops, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), COMMAND_LIMIT_MS);
  const killing =
    options.killAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill('SIGKILL'), options.killAfterMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => {
      clearTimeout(limit);
      clearTimeout(killing);
      const tookMs = performance.now() - startedMs;
      const finish = (): void => {
        clearTimeout(waiting);
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ exitCode, signal, tookMs, events: eventsIn(stdout), stdout, stderr });
      };
      // What a killed command started may hold its pipes open for ever.
      const waiting = setTimeout(finish, PIPE_LIMIT_MS);
      child.once('close', finish);
    });
  });
  return { pid: child.pid ?? -1, ended };
}

export function run(
  place: Place,
  args: readonly string[],
  options: Parameters<typeof start>[2] = {},
): Promise<Ended> {
  return start(place, args, options).ended;
}

/** Throws when it does not exit 0. */
export async function mustRun(place: Place, args: readonly string[]): Promise<Ended> {
  const ended = await run(place, args);
  if (ended.exitCode !== 0) throw new Error(`ompay ${args.join(' ')}: ${saidBy(ended)}`);
  return ended;
}

export function saidBy({ exitCode, signal, events, stderr }: Ended): string {
  return `exit ${exitCode ?? signal}: ${JSON.stringify(events.at(-1) ?? {}).slice(0, 600)} ${stderr.slice(-300)}`;
}

/** What a killed command wrote last may be half a line. */
function eventsIn(stdout: string): JournalEvent[] {
  return stdout.split('\n').flatMap((line): JournalEvent[] => {
    try {
      return line.startsWith('{') ? [JSON.parse(line)] : [];
    } catch {
      return [];
    }
  });
}
