import { readFileSync } from 'node:fs';

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
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'msg' in value ? String(value.msg) : line;
  } catch {
    return line;
  }
}
