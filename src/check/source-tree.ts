import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Every place that the program is made of. Named, not taken from git: a tree without git gives the same hash. Packages
 * are in it by package-lock.json.
 */
export const SOURCE_PLACES = [
  '.ci',
  'CHANGELOG.md',
  'README.md',
  'bench',
  'bin',
  'biome.json',
  'checklists',
  'docs',
  'package-lock.json',
  'package.json',
  'src',
  'templates',
  'tests',
  'tsconfig.json',
  'vitest.config.ts',
] as const;

/** The paths of every file of the source, sorted, relative to `root`. */
export function sourceFiles(root: string): readonly string[] {
  return SOURCE_PLACES.flatMap((place) => filesAt(root, place)).toSorted();
}

function filesAt(root: string, place: string): readonly string[] {
  const state = statSync(join(root, place), { throwIfNoEntry: false });
  if (state === undefined) return [];
  if (state.isFile()) return [place];
  return readdirSync(join(root, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.log'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

/** SHA-256 hex over names and contents: one byte changed anywhere is another source. */
export function sourceHash(root: string): string {
  const hash = createHash('sha256');
  for (const path of sourceFiles(root)) {
    const digest = createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex');
    hash.update(`${digest}  ${path}\n`);
  }
  return hash.digest('hex');
}
