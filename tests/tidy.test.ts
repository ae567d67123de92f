import { expect, test } from 'vitest';
import { effectsUseTheirDoor } from './tidy/doors.ts';
import { importsGoOneWay } from './tidy/layers.ts';
import { startsAreLight } from './tidy/light.ts';
import {
  packagesAreDocumented,
  packagesAreUsed,
  productionImportsAreDependencies,
  versionsAreExact,
} from './tidy/packages.ts';
import { nothingIsPrivate } from './tidy/private.ts';
import { manifest, sourcesIn, textOf, trackedTexts } from './tidy/project.ts';
import {
  AHEAD,
  DOCUMENTS,
  ENTRIES,
  foldersAreDocumented,
  namedFilesExist,
  nothingIsDead,
} from './tidy/reach.ts';
import { filesAreShort, functionsAreShort, importsAreQuiet, nothingIsBanned } from './tidy/shape.ts';
import { shown, type Violation } from './tidy/violation.ts';

/** The rules of docs/architecture.md, read from the syntax tree of every file. */
const product = sourcesIn('src');
const tests = [...sourcesIn('tests'), ...sourcesIn('vitest.config.ts')];
const everything = [...product, ...tests, ...sourcesIn('bench')];

function expectNone(violations: readonly Violation[]): void {
  expect(violations.map(shown)).toEqual([]);
}

test('imports go one way: cli, domains, plan, host, shell, core', () => {
  expectNone(importsGoOneWay(product));
});

test('each effect has one door', () => {
  expectNone(effectsUseTheirDoor(product));
});

test('importing a file does nothing, but for the entries of processes', () => {
  expectNone(importsAreQuiet(product, ENTRIES));
});

test('every file is reached from an entry', () => {
  expectNone(nothingIsDead(product, [...ENTRIES, ...DOCUMENTS, ...AHEAD]));
});

test('every file of the tests is reached from a test', () => {
  const roots = tests
    .map((file) => file.path)
    .filter((path) => path.endsWith('.test.ts') || path.endsWith('vitest.config.ts'));
  expectNone(nothingIsDead(tests, roots));
});

test('a file that the code names is there', () => {
  expectNone(namedFilesExist(product));
});

test('files have at most 300 lines, functions at most 70', () => {
  expectNone([...filesAreShort(everything), ...functionsAreShort(product)]);
});

test('nothing goes around the type checker, and nothing is left unfinished', () => {
  expectNone(nothingIsBanned(everything));
});

test('commands read drivers, ciphers and builders when they need them, but for those that work on the database', () => {
  const commands = product
    .map(({ path }) => path)
    .filter((path) => /^src\/cli\/(?!api\/|migrate\/)/.test(path));
  const light = commands.filter((path) => !path.startsWith('src/cli/kit/'));
  expect(light.length).toBeGreaterThan(50);
  expectNone(startsAreLight(product, light));
});

test('packages have exact versions, a reason in docs/dependencies.md, and a use', () => {
  expectNone([
    ...versionsAreExact(manifest()),
    ...packagesAreDocumented(manifest(), textOf('docs/dependencies.md')),
    ...packagesAreUsed(manifest(), everything),
    ...productionImportsAreDependencies(manifest(), product),
  ]);
});

test('each folder of src is told of in docs/architecture.md', () => {
  expectNone(
    foldersAreDocumented(product, { path: 'docs/architecture.md', text: textOf('docs/architecture.md') }),
  );
});

test("no tracked file holds a path of somebody's machine or an address of a registry", () => {
  expectNone(trackedTexts().flatMap(({ path, text }) => nothingIsPrivate(path, text)));
});
