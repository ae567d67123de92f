import { existsSync } from 'node:fs';
import { OmpayError } from '../core/errors.ts';
import { type JournalFiles, type JournalLine, parseLine } from '../plan/journal.ts';
import { linesOf } from '../plan/verify.ts';
import { objectIn } from './fields.ts';

/** An operation of the journal. What has no `run-started` (a note alone) is no run. */
export interface RunHead {
  readonly run: string;
  readonly at: string;
  readonly by: string;
  readonly command: string;
  /** It found the lock held, and did nothing. */
  readonly isBusy: boolean;
}

/** Written by lineText, so this is where the run stands: most lines of a long journal need not be parsed. */
const RUN_OF_LINE = /^\{"seq":\d+,"at":"[^"]*","run":"([^"]*)"/;
const BEGINNING_BYTES = 200;

/** The lines of one run, in order; empty when there are none. */
export async function readRun(files: JournalFiles, run: string): Promise<JournalLine[]> {
  const lines: JournalLine[] = [];
  for await (const { bytes } of linesIn(files)) {
    if (runOf(bytes) !== run) continue;
    const line = parseLine(bytes.toString('utf8'));
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

/** Every run, oldest first. */
export async function listRuns(files: JournalFiles): Promise<RunHead[]> {
  const heads = new Map<string, RunHead>();
  for await (const { bytes } of linesIn(files)) {
    if (!HEAD_MARKS.some((mark) => bytes.includes(mark))) continue;
    const line = parseLine(bytes.toString('utf8'));
    if (line === undefined) continue;
    const { run, at, by, event } = line;
    const head = heads.get(run);
    if (event.type === 'run-started') heads.set(run, { run, at, by, command: event.command, isBusy: false });
    else if (event.type === 'run-done' && head !== undefined)
      heads.set(run, { ...head, isBusy: objectIn(event.data.error)?.code === 'lockHeld' });
  }
  return [...heads.values()];
}

const HEAD_MARKS = ['"type":"run-started"', '"type":"run-done"'];

/** Finds a run by its id or an unambiguous beginning of it, in any case. Throws `notFound`. */
export function findRun(heads: readonly RunHead[], wanted: string): RunHead {
  const matches = heads.filter((head) => head.run.startsWith(wanted.toUpperCase()));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  const what = match === undefined ? 'no run is named' : `${matches.length} runs begin with`;
  throw new OmpayError('notFound', `${what} ${JSON.stringify(wanted)}`, {
    hint: 'list the runs: ompay audit list',
  });
}

const RELEASING: readonly string[] = ['deploy', 'rollback'];

/** Whether the command decides what clients get. */
export function isReleasing(command: string): boolean {
  return RELEASING.includes(command);
}

/** The newest deploy or rollback; one that found the lock held only where there is no other. Throws `notFound`. */
export function lastReleasing(heads: readonly RunHead[]): RunHead {
  const releasing = heads.filter(({ command }) => isReleasing(command));
  const last = releasing.findLast(({ isBusy }) => !isBusy) ?? releasing.at(-1);
  if (last !== undefined) return last;
  throw new OmpayError('notFound', 'nothing was deployed here yet, so there is no report', {
    hint: 'ompay deploy',
  });
}

async function* linesIn(files: JournalFiles): AsyncGenerator<{ readonly bytes: Buffer }> {
  if (existsSync(files.lines)) yield* linesOf(files.lines);
}

function runOf(bytes: Buffer): string | undefined {
  return RUN_OF_LINE.exec(bytes.toString('latin1', 0, BEGINNING_BYTES))?.[1];
}
