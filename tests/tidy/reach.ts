import { folderOf, targetOf } from './layers.ts';
import type { SourceFile } from './source.ts';
import type { Violation } from './violation.ts';

/** Where a process begins. Each may do something when it is started, and is named to esbuild, Node or the shim. */
export const ENTRIES = [
  'src/main.ts',
  'src/api/main.ts',
  'src/api/ops-main.ts',
  'src/contract/contract-main.ts',
  'src/front/front-main.ts',
  'src/front/supervisor-main.ts',
  'src/engine/pglite-host-main.ts',
  'src/agent/agent-main.ts',
];

/** Made for a page of docs, and used by the test that keeps the page true. */
export const DOCUMENTS = ['src/config/document.ts', 'src/config/yml/document.ts', 'src/core/exit-codes.ts'];

/** Files that are kept true by tests before a command is made of them; it only shrinks. */
export const AHEAD: readonly string[] = [];

/** Every file that no entry reaches by imports. */
export function nothingIsDead(files: readonly SourceFile[], roots: readonly string[]): Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    waiting.push(...referencesOf(file));
  }
  return files
    .filter((file) => !reached.has(file.path))
    .map(({ path }) => ({ path, line: 0, what: 'is reached from no entry' }));
}

/** What a file imports, and what it names to be started or bundled: by a path from itself or from the root. */
function referencesOf(file: SourceFile): string[] {
  const imported = file.imports.flatMap(({ specifier }) => targetOf(file.path, specifier) ?? []);
  const named = file.namedFiles.flatMap(({ name }) => [name, targetOf(file.path, `./${name}`) ?? name]);
  return [...imported, ...named, ...named.map((name) => `tests/fixtures/${name.replace(/^.*\//, '')}`)];
}

/** A path of the repository in the code is one of a file that is there. */
export function namedFilesExist(files: readonly SourceFile[]): Violation[] {
  const paths = new Set(files.map((file) => file.path));
  return files.flatMap(({ path, namedFiles }) =>
    namedFiles
      .filter(({ name }) => name.startsWith('src/') && !paths.has(name))
      .map(({ name, line }) => ({ path, line, what: `names ${name}, which does not exist` })),
  );
}

/** The folders of src that a page says nothing about. */
export function foldersAreDocumented(
  files: readonly SourceFile[],
  page: { path: string; text: string },
): Violation[] {
  const folders = new Set(files.map((file) => folderOf(file.path)));
  return [...folders]
    .filter((folder) => !page.text.includes(`src/${folder}`))
    .map((folder) => ({ path: page.path, line: 0, what: `does not tell what src/${folder} is` }));
}
