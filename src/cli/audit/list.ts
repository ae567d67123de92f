import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { type JournalLine, journalFiles, parseLine } from '../../plan/journal.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';

export function configure(command: Command): void {
  command
    .option('--last <n>', 'how many runs', '20')
    .option('--run <id>', 'every event of one run')
    .option('--all', 'every run');
}

/** One line a run (or a note): when, who, what, how it ended. */
export async function run({ command, layout, output }: Invocation): Promise<number> {
  const lines = readLines(journalFiles(layout).lines);
  const wanted = textOption(command, 'run');
  if (wanted !== undefined) return showRun(lines, wanted, output);
  const count = hasOption(command, 'all')
    ? Number.POSITIVE_INFINITY
    : wholeNumber(textOption(command, 'last') ?? '20');
  const shown = lines
    .filter((line) => line.event.type === 'run-done' || line.event.type === 'note')
    .slice(-count);
  for (const line of shown)
    output.write(output.json ? `${JSON.stringify(line)}\n` : `${summaryOf(line, lines)}\n`);
  if (shown.length === 0 && !output.json) output.write('nothing was done yet\n');
  return 0;
}

function readLines(path: string): JournalLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .map(parseLine)
    .filter((line) => line !== undefined);
}

function showRun(lines: readonly JournalLine[], wanted: string, output: Invocation['output']): number {
  const found = lines.filter((line) => line.run.startsWith(wanted.toUpperCase()));
  if (found.length === 0) {
    throw new OmpayError('notFound', `no run begins with ${JSON.stringify(wanted)}`, {
      hint: 'list the runs: ompay audit list',
    });
  }
  for (const line of found)
    output.write(output.json ? `${JSON.stringify(line)}\n` : `${line.seq}  ${line.at}  ${eventText(line)}\n`);
  return 0;
}

function summaryOf(line: JournalLine, lines: readonly JournalLine[]): string {
  const when = `${line.at}  ${line.run}  ${line.by}`;
  if (line.event.type !== 'run-done') return `${when}  ${eventText(line)}`;
  const start = lines.find((each) => each.run === line.run && each.event.type === 'run-started');
  const what = start?.event.type === 'run-started' ? start.event.command : '?';
  return `${when}  ${what}  exit ${line.event.exitCode}  ${line.event.summary}`;
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
