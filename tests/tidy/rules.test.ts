import { expect, test } from 'vitest';
import { effectsUseTheirDoor } from './doors.ts';
import { importsGoOneWay } from './layers.ts';
import { startsAreLight } from './light.ts';
import {
  type Manifest,
  packagesAreDocumented,
  packagesAreUsed,
  productionImportsAreDependencies,
  versionsAreExact,
} from './packages.ts';
import { nothingIsPrivate } from './private.ts';
import { foldersAreDocumented, namedFilesExist, nothingIsDead } from './reach.ts';
import { filesAreShort, functionsAreShort, importsAreQuiet, nothingIsBanned } from './shape.ts';
import { readSource, type SourceFile } from './source.ts';
import { shown, type Violation } from './violation.ts';

/** Each rule, seen to fail on a small file that breaks it and to pass one that does not. */
function lines(violations: readonly Violation[]): string[] {
  return violations.map(shown);
}

function files(texts: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => readSource(path, text));
}

test.each([
  ['src/core/x.ts', '../plan/run.ts', 'src/plan/run.ts'],
  ['src/config/x.ts', '../shell/line.ts', 'src/shell/line.ts'],
  ['src/host/x.ts', '../plan/run.ts', 'src/plan/run.ts'],
  ['src/plan/x.ts', '../engine/index.ts', 'src/engine/index.ts'],
  ['src/api/db/x.ts', '../../host/local.ts', 'src/host/local.ts'],
  ['src/api/x.ts', '../plan/run.ts', 'src/plan/run.ts'],
  ['src/front/x.ts', '../host/local.ts', 'src/host/local.ts'],
  ['src/restore/x.ts', '../backup/x.ts', 'src/backup/x.ts'],
  ['src/deploy/x.ts', '../front/supervisor/spawn.ts', 'src/front/supervisor/spawn.ts'],
  ['src/backup/x.ts', '../front/start.ts', 'src/front/start.ts'],
  ['src/deploy/x.ts', '../cli/render.ts', 'src/cli/render.ts'],
  ['src/newcomer/x.ts', '../core/ids.ts', 'src/core/ids.ts'],
])('%s may not import %s, in any way that there is', (path, specifier, target) => {
  for (const text of [
    `import { a } from '${specifier}';`,
    `import type { A } from '${specifier}';`,
    `import '${specifier}';`,
    `export { a } from '${specifier}';`,
    `export * from '${specifier}';`,
    `const a = await import('${specifier}');`,
    `type A = import('${specifier}').A;`,
  ]) {
    expect(lines(importsGoOneWay([readSource(path, `\n${text}`)]))).toEqual([
      `${path}:2 imports ${target}, which ${path.split('/')[1]} may not`,
    ]);
  }
});

test('imports that follow the map pass, and comments and strings are no imports', () => {
  const fine = files({
    'src/cli/backup/create.ts': "import '../../backup/create.ts'; import '../../front/start.ts';",
    'src/deploy/x.ts': "import '../plan/run.ts'; import '../front/start.ts'; import '../engine/index.ts';",
    'src/core/x.ts':
      "// import '../plan/run.ts'\nexport const text = \"import '../plan/run.ts'\"; import './ids.ts';",
    'src/main.ts': "import './cli/index.ts';",
  });
  expect(lines(importsGoOneWay(fine))).toEqual([]);
});

test.each([
  ['src/deploy/x.ts', "import { execa } from 'execa';", 'execa'],
  ['src/deploy/x.ts', "import { S3Client } from '@aws-sdk/client-s3';", '@aws-sdk/client-s3'],
  ['src/deploy/x.ts', "import type { Client } from 'ssh2';", 'ssh2'],
  ['src/cli/deploy.ts', "const chalk = await import('chalk');", 'chalk'],
  ['src/cli/deploy.ts', "import { Listr } from 'listr2';", 'listr2'],
  ['src/deploy/x.ts', "import type { Command } from 'commander';", 'commander'],
  ['src/deploy/deploy.ts', "import { spawn } from 'node:child_process';", 'node:child_process'],
  ['src/host/x.ts', "import { setTimeout } from 'node:timers/promises';", 'node:timers/promises'],
  ['src/deploy/x.ts', "import Cursor from 'pg/lib/cursor';", 'pg/lib/cursor'],
  ['src/deploy/x.ts', 'export const home = process.env.HOME;', 'process.env'],
  ['src/deploy/x.ts', 'export const stop = () => process.exit(1);', 'process.exit'],
  ['src/deploy/x.ts', 'export const now = () => Date.now();', 'Date.now'],
  ['src/deploy/x.ts', 'export const now = () => new Date();', 'new Date()'],
  ['src/deploy/x.ts', 'export const now = () => performance.now();', 'performance.now'],
  ['src/deploy/x.ts', 'export const now = () => process.hrtime.bigint();', 'process.hrtime'],
  ['src/host/x.ts', 'export const wait = () => setTimeout(() => {}, 5);', 'setTimeout()'],
  ['src/api/x.ts', "export const say = () => console.log('x');", 'console.log'],
])('%s may not do this: %s', (path, text, name) => {
  const [violation = '', ...others] = lines(effectsUseTheirDoor([readSource(path, text)]));
  expect(violation).toMatch(new RegExp(`^${path}:1 uses ${name.replace(/[()]/g, '\\$&')}, allowed `));
  expect(others).toEqual([]);
});

test('behind its door an effect passes; so does the form of a given moment', () => {
  const fine = files({
    'src/host/local.ts': "import { execa } from 'execa';",
    'src/cli/render.ts': "import chalk from 'chalk'; import { Listr } from 'listr2';",
    'src/core/clock.ts': 'export const now = () => Date.now() + performance.now();',
    'src/deploy/x.ts': 'export const shown = (ms: number) => new Date(ms).toISOString(); // process.env',
  });
  expect(lines(effectsUseTheirDoor(fine))).toEqual([]);
});

test('a file of 301 lines and a function of 71 lines are too long; one less is not', () => {
  const text = (count: number): string => `export function long() {\n${'  //\n'.repeat(count - 2)}}\n`;
  expect(lines(filesAreShort(files({ 'src/a.ts': text(301), 'src/b.ts': text(300) })))).toEqual([
    'src/a.ts has 301 lines, more than 300',
  ]);
  expect(lines(functionsAreShort(files({ 'src/a.ts': text(71), 'src/b.ts': text(70) })))).toEqual([
    'src/a.ts:1 long has 71 lines, more than 70',
  ]);
  const arrow = files({ 'src/a.ts': `\nexport const long = () => {\n${'  //\n'.repeat(69)}};\n` });
  expect(lines(functionsAreShort(arrow))).toEqual(['src/a.ts:2 a function has 71 lines, more than 70']);
});

test.each([
  ['let a: any;', 'has any, which is banned'],
  ['const a = b as Thing;', 'has as, which is banned'],
  ['const a = <Thing>b;', 'has as, which is banned'],
  ['const a = b!;', 'has a non-null !, which is banned'],
  ["test.only('x', f);", 'has test.only, which is banned'],
  ["test.each([1]).only('x', f);", 'has (expression).only, which is banned'],
  ['// TODO later', 'has a banned comment: TODO later'],
  ['/* FIXME */', 'has a banned comment: FIXME'],
  ['// @ts-ignore', 'has a banned comment: @ts-ignore'],
  ['/* v8 ignore next */', 'has a banned comment: v8 ignore next'],
])('%s is banned', (text, what) => {
  expect(lines(nothingIsBanned([readSource('src/a.ts', text)]))).toEqual([`src/a.ts:1 ${what}`]);
});

test('words that only look banned pass', () => {
  const text =
    "// any of them, not only one\nexport const a = ['TODO'] as const; import { b as c } from './b.ts';";
  expect(lines(nothingIsBanned([readSource('src/a.ts', text)]))).toEqual([]);
});

test('a statement that runs on import is found, but not in an entry', () => {
  const texts = files({
    'src/a.ts': 'export const a = 1;\nstart();',
    'src/main.ts': 'process.exitCode = 1;',
  });
  expect(lines(importsAreQuiet(texts, ['src/main.ts']))).toEqual([
    'src/a.ts:2 does something when it is imported',
  ]);
});

test('a heavy package that a command reads at its start is found, however far; types and import() are light', () => {
  const texts = files({
    'src/cli/a.ts':
      "import '../b.ts';\nimport type { Kysely } from 'kysely';\nconst c = () => import('../c.ts');",
    'src/b.ts': "import { type Client } from 'pg';\nexport { createPool } from 'mysql2/promise';",
    'src/c.ts': "import 'ssh2';",
  });
  expect(lines(startsAreLight(texts, ['src/cli/a.ts']))).toEqual([
    'src/b.ts:2 makes src/cli/a.ts read mysql2',
  ]);
});

test('a file that nothing reaches is dead; imports, dynamic imports and named entries reach', () => {
  const texts = files({
    'src/main.ts': "import './a.ts'; const b = () => import('./b.ts');",
    'src/a.ts': "export const entry = 'src/front/start-me.ts';",
    'src/b.ts': '',
    'src/front/start-me.ts': '',
    'src/dead.ts': "import './dead-too.ts';",
    'src/dead-too.ts': '',
  });
  expect(lines(nothingIsDead(texts, ['src/main.ts']))).toEqual([
    'src/dead.ts is reached from no entry',
    'src/dead-too.ts is reached from no entry',
  ]);
});

test('a named file that is not there is found', () => {
  const texts = files({ 'src/a.ts': "export const entry = 'src/none.ts'; export const self = 'src/a.ts';" });
  expect(lines(namedFilesExist(texts))).toEqual(['src/a.ts:1 names src/none.ts, which does not exist']);
});

test('a folder that the page does not name is found', () => {
  const page = { path: 'docs/architecture.md', text: '`src/plan/` runs plans' };
  expect(lines(foldersAreDocumented(files({ 'src/plan/a.ts': '', 'src/new/a.ts': '' }), page))).toEqual([
    'docs/architecture.md does not tell what src/new is',
  ]);
});

const MANIFEST: Manifest = {
  dependencies: { execa: '^10.0.0', pg: '8.23.1' },
  devDependencies: { '@types/pg': '8.23.1', 'fast-check': '4.10.2', typescript: '7.0.2' },
  optionalDependencies: {},
};

test('a version that is a range, a package without a reason or without a use are found', () => {
  const product = files({ 'src/a.ts': "import { Pool } from 'pg'; import 'execa';" });
  expect(lines(versionsAreExact(MANIFEST))).toEqual(['package.json execa is ^10.0.0, not one exact version']);
  expect(lines(packagesAreDocumented(MANIFEST, '`execa` `pg` `@types/pg` `typescript`'))).toEqual([
    'package.json fast-check is not in docs/dependencies.md',
  ]);
  expect(lines(packagesAreUsed(MANIFEST, product))).toEqual(['package.json fast-check is imported nowhere']);
});

test('the product imports dependencies only, never what is there for its tests', () => {
  const product = files({
    'src/a.ts': "import fc from 'fast-check'; import 'node:fs'; import './b.ts'; import 'pg';",
  });
  expect(lines(productionImportsAreDependencies(MANIFEST, product))).toEqual([
    'src/a.ts:1 imports fast-check, which is not a dependency',
  ]);
});

test.each([`/${'home'}/ana/x`, ` /${'work'}/main`, `"/${'root'}/.ssh"`, `/${'Users'}/ana`])(
  '%s is private',
  (text) => {
    expect(lines(nothingIsPrivate('docs/a.md', `\n${text}`))).toMatchObject([
      expect.stringMatching(/^docs\/a\.md:2 holds what belongs to one machine: /),
    ]);
  },
);

test('paths of the API and of every machine are not private', () => {
  expect(
    nothingIsPrivate('docs/a.md', 'GET /api/home/x, ./work/main, /var/lib/x, https://example.sn/home/x'),
  ).toEqual([]);
  const address = `"resolved": "${'https'}://registry.example/x.tgz"`;
  expect(nothingIsPrivate('package-lock.json', address)).toHaveLength(1);
});

test('a file that does not parse is said with its path', () => {
  expect(() => readSource('src/a.ts', 'const = ;')).toThrow(/^src\/a\.ts does not parse: /);
});
