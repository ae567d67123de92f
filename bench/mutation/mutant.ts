import { relative } from 'node:path';
import type { Stryker } from '@stryker-mutator/core';

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

/** A change that was made to the code, and what the tests said. */
export interface Mutant {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The kind of change, in Stryker's words. */
  readonly mutator: string;
  /** The whole first line that was changed, trimmed. */
  readonly code: string;
  readonly original: string;
  readonly replacement: string;
  readonly isKilled: boolean;
  readonly status: MutantResult['status'];
}

/** What tests cannot be asked about: code that does not compile is no mutant. */
const UNTESTED: readonly MutantResult['status'][] = ['Ignored', 'CompileError', 'Pending'];

export function mutantsOf(
  results: readonly MutantResult[],
  { root, texts }: { readonly root: string; readonly texts: ReadonlyMap<string, string> },
): readonly Mutant[] {
  return results
    .filter(({ status }) => !UNTESTED.includes(status))
    .map(({ fileName, location, mutatorName, replacement = '', status }) => {
      const file = relative(root, fileName);
      const lines = (texts.get(file) ?? '').split('\n');
      const { start, end } = location;
      return {
        file,
        line: start.line,
        mutator: mutatorName,
        code: (lines[start.line - 1] ?? '').trim(),
        original: textBetween(lines, start, end),
        replacement,
        // An endless loop is seen by its time limit; a mutant that breaks the run was seen too.
        isKilled: status !== 'Survived' && status !== 'NoCoverage',
        status,
      };
    });
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Stryker counts lines and columns from 1. */
function textBetween(lines: readonly string[], start: Position, end: Position): string {
  const covered = lines.slice(start.line - 1, end.line);
  return covered
    .map((text, index) => {
      const from = index === 0 ? start.column - 1 : 0;
      return index === covered.length - 1 ? text.slice(from, end.column - 1) : text.slice(from);
    })
    .join('\n');
}

/** `a < b → a <= b`, on one line and not longer than one is read. */
export function shownChange({ original, replacement }: Pick<Mutant, 'original' | 'replacement'>): string {
  return `${short(original)} → ${short(replacement)}`;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 70 ? line : `${line.slice(0, 40)} … ${line.slice(-25)}`;
}
