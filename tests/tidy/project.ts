import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Manifest } from './packages.ts';
import { readSource, type SourceFile } from './source.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every TypeScript file under a folder of the repository, or the one file that is named. */
export function sourcesIn(place: string): SourceFile[] {
  return globSync(place.endsWith('.ts') ? place : `${place}/**/*.ts`, { cwd: ROOT })
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((path) => readSource(path, textOf(path)));
}

export function textOf(path: string): string {
  return readFileSync(`${ROOT}/${path}`, 'utf8');
}

/** The files that git tracks, those that are text. */
export function trackedTexts(): { path: string; text: string }[] {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  return globSync(
    listed.filter((path) => path !== ''),
    { cwd: ROOT },
  )
    .map((path) => ({ path, text: textOf(path) }))
    .filter(({ text }) => !text.includes('\0'));
}

export function manifest(): Manifest {
  const { dependencies, devDependencies, optionalDependencies } = sections(
    JSON.parse(textOf('package.json')),
  );
  return { dependencies, devDependencies, optionalDependencies };
}

function sections(value: unknown): Manifest {
  const section = (name: string): Record<string, string> => {
    const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    return Object.fromEntries(Object.entries(Object(found)).map(([key, version]) => [key, String(version)]));
  };
  return {
    dependencies: section('dependencies'),
    devDependencies: section('devDependencies'),
    optionalDependencies: section('optionalDependencies'),
  };
}
