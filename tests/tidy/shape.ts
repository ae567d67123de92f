import type { SourceFile } from './source.ts';
import type { Violation } from './violation.ts';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 70;

export function filesAreShort(files: readonly SourceFile[]): Violation[] {
  return files
    .filter((file) => file.lineCount > MAX_FILE_LINES)
    .map(({ path, lineCount }) => ({
      path,
      line: 0,
      what: `has ${lineCount} lines, more than ${MAX_FILE_LINES}`,
    }));
}

export function functionsAreShort(files: readonly SourceFile[]): Violation[] {
  return files.flatMap(({ path, functions }) =>
    functions
      .filter((each) => each.lineCount > MAX_FUNCTION_LINES)
      .map(({ name, line, lineCount }) => ({
        path,
        line,
        what: `${name} has ${lineCount} lines, more than ${MAX_FUNCTION_LINES}`,
      })),
  );
}

/** Ways around the type checker, and what is left of work that was not finished. */
const BANNED_USES = [
  'any',
  'as',
  'a non-null !',
  'it.only',
  'test.only',
  'describe.only',
  '(expression).only',
];
const BANNED_COMMENTS: readonly RegExp[] = [
  /\b(TODO|FIXME|XXX|HACK)\b/,
  /@ts-(ignore|nocheck|expect-error)/,
  /(eslint|oxlint)-disable/,
  // Coverage without exclusions means what it says.
  /(v8|c8|istanbul) ignore/,
];

export function nothingIsBanned(files: readonly SourceFile[]): Violation[] {
  return files.flatMap(({ path, uses, comments }) => [
    ...uses
      .filter((use) => BANNED_USES.includes(use.name))
      .map(({ name, line }) => ({ path, line, what: `has ${name}, which is banned` })),
    ...comments
      .filter((comment) => BANNED_COMMENTS.some((banned) => banned.test(comment.name)))
      .map(({ name, line }) => ({ path, line, what: `has a banned comment: ${name.trim()}` })),
  ]);
}

/** Importing a file does nothing; only a process's entry does. */
export function importsAreQuiet(files: readonly SourceFile[], entries: readonly string[]): Violation[] {
  return files
    .filter((file) => !entries.includes(file.path))
    .flatMap(({ path, effects }) =>
      effects.map((line) => ({ path, line, what: 'does something when it is imported' })),
    );
}
