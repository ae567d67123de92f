import { diff } from 'node:util';

/** Beyond this a difference is not for people, and too dear to make. */
const MAX_LINES = 1500;
const CONTEXT_LINES = 3;

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Two texts as a unified difference (diff -u), without its head; only that they differ when one of them is long. */
export function differenceOf(before: string, after: string): readonly string[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  if (old.length > MAX_LINES || fresh.length > MAX_LINES)
    return [`(${old.length} lines become ${fresh.length})`];
  return hunksOf(compared(old, fresh));
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** `diff` of Node tells 1 for what is in the first alone, -1 for what is in the second alone. */
function compared(old: string[], fresh: string[]): readonly Line[] {
  if (old.length === 0) return fresh.map((text) => ({ sign: '+', text }));
  return diff(old, fresh).map(([operation, text]) => ({
    sign: operation === 0 ? ' ' : operation > 0 ? '-' : '+',
    text,
  }));
}

function hunksOf(lines: readonly Line[]): readonly string[] {
  const isNear = lines.map((_line, index) =>
    lines
      .slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1)
      .some(({ sign }) => sign !== ' '),
  );
  const shown: string[] = [];
  let [oldLine, newLine] = [1, 1];
  lines.forEach(({ sign, text }, index) => {
    if (isNear[index] === true) {
      if (isNear[index - 1] !== true) shown.push(`@@ -${oldLine} +${newLine} @@`);
      shown.push(`${sign}${text}`);
    }
    if (sign !== '+') oldLine += 1;
    if (sign !== '-') newLine += 1;
  });
  return shown;
}
