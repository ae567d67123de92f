import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { type JournalLine, journalFiles, parseLine } from '../../plan/journal.ts';
import { linesOf } from '../../plan/verify.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { firstLine } from '../render.ts';

export function configure(command: Command): void {
  command
    .option('--last <n>', 'how many runs', '20')
    .option('--run <id>', 'every event of one run')
    .option('--all', 'every run');
}

/** One line a run, or a note outside one: when, who, what, how it ended; a run that was killed has no end, and is told so. */
export async function run({ command, layout, output }: Invocation): Promise<number> {
  const { lines: path } = journalFiles(layout);
  const wanted = textOption(command, 'run');
  if (wanted !== undefined) return showRun(path, wanted, output);
  const count = hasOption(command, 'all')
    ? Number.POSITIVE_INFINITY
    : wholeNumber(textOption(command, 'last') ?? '20');
  const acts = (await actsIn(path)).slice(-count);
  for (const { line, command } of acts)
    output.write(output.json ? `${JSON.stringify(line)}\n` : `${summaryOf(line, command)}\n`);
  if (acts.length === 0 && !output.json) output.write('nothing was done yet\n');
  return 0;
}

interface Act {
  /** How a run ended; its beginning while it has no end; or a note outside a run. */
  readonly line: JournalLine;
  readonly command: string;
}

/** In the order in which they ended; what has no end stands where it began. */
async function actsIn(path: string): Promise<readonly Act[]> {
  const acts = new Map<string, Act>();
  for await (const line of journalLines(path)) {
    const { run, event } = line;
    const begun = acts.get(run);
    if (event.type === 'run-started') acts.set(run, { line, command: event.command });
    else if (event.type === 'run-done') {
      acts.delete(run);
      acts.set(run, { line, command: begun?.command ?? '?' });
    } else if (event.type === 'note' && begun === undefined) acts.set(run, { line, command: '' });
  }
  return [...acts.values()];
}

async function* journalLines(path: string): AsyncGenerator<JournalLine> {
  if (!existsSync(path)) return;
  for await (const { bytes } of linesOf(path)) {
    const line = parseLine(bytes.toString('utf8'));
    if (line !== undefined) yield line;
  }
}

async function showRun(path: string, wanted: string, output: Invocation['output']): Promise<number> {
  let isFound = false;
  for await (const line of journalLines(path)) {
    if (!line.run.startsWith(wanted.toUpperCase())) continue;
    isFound = true;
    output.write(output.json ? `${JSON.stringify(line)}\n` : `${line.seq}  ${line.at}  ${eventText(line)}\n`);
  }
  if (isFound) return 0;
  throw new OmpayError('notFound', `no run begins with ${JSON.stringify(wanted)}`, {
    hint: 'list the runs: ompay audit list',
  });
}

function summaryOf(line: JournalLine, command: string): string {
  const { event } = line;
  const when = `${line.at}  ${line.run}  ${line.by}`;
  if (event.type === 'run-started') return `${when}  ${command}  no end here: killed, or still running`;
  if (event.type !== 'run-done') return `${when}  ${eventText(line)}`;
  return `${when}  ${command}  exit ${event.exitCode}  ${firstLine(event.summary)}`;
}

function eventText({ event }: JournalLine): string {
  if (event.type === 'note') return event.text;
  if ('step' in event)
    return `${event.type} ${event.plan}/${event.step}${'error' in event ? `: ${event.error.message}` : ''}`;
  if ('plan' in event) return `${event.type} ${event.plan}`;
  if (event.type === 'run-started') return `${event.type} ${event.command}`;
  return `${event.type} exit ${event.exitCode}: ${event.summary}`;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new OmpayError('usage', `--last must be a whole number above 0, seen ${JSON.stringify(text)}`, {
    hint: 'ompay audit list --last 20',
  });
}
