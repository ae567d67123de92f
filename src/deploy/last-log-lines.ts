import { readFileSync } from 'node:fs';
import { readLogLine } from '../core/log-line.ts';

const MAX_CHARACTERS = 600;

/** The end of a log for an error message, on one line; JSON lines of the API give their message alone. */
export function lastLogLines(path: string, count: number): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return '';
  }
  const lines = text
    .trimEnd()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .map(messageIn);
  return lines.join(' | ').slice(-MAX_CHARACTERS);
}

function messageIn(line: string): string {
  return readLogLine(line)?.message ?? line;
}
