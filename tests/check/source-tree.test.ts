import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SOURCE_PLACES, sourceFiles, sourceHash } from '../../src/check/source-tree.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { PROGRAM_ROOT } from '../fixtures/installation.ts';

/** Tracked, and no part of the program. */
const NOT_SOURCE = ['.gitignore'];

test('every tracked file is part of the source', () => {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: PROGRAM_ROOT, encoding: 'utf8' });
  const places = new Set(listed.split('\0').map((path) => path.split('/')[0] ?? ''));
  const missing = [...places].filter(
    (place) => place !== '' && !SOURCE_PLACES.some((each) => each === place) && !NOT_SOURCE.includes(place),
  );
  expect(missing).toEqual([]);
});

function tree(): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'src/api'), { recursive: true });
  writeFileSync(join(root, 'src/api/a.ts'), 'a');
  writeFileSync(join(root, 'package.json'), '{}');
  return root;
}

test('the same files give the same hash anywhere', () => {
  const [one, two] = [tree(), tree()];
  expect(sourceFiles(one)).toEqual(['package.json', 'src/api/a.ts']);
  expect(sourceHash(one)).toBe(sourceHash(two));
});

test.each([
  ['a byte', (root: string) => writeFileSync(join(root, 'src/api/a.ts'), 'b')],
  ['a name', (root: string) => renameSync(join(root, 'src/api/a.ts'), join(root, 'src/api/b.ts'))],
  ['a file more', (root: string) => writeFileSync(join(root, 'src/b.ts'), '')],
  ['a file less', (root: string) => rmSync(join(root, 'package.json'))],
])('%s gives another', (_what, change) => {
  const root = tree();
  const before = sourceHash(root);
  change(root);
  expect(sourceHash(root)).not.toBe(before);
});

test('what is made beside the source is no part of it', () => {
  const root = tree();
  const before = sourceHash(root);
  for (const name of ['node_modules', '.ompay', '.ompay-evidence', 'coverage', 'src/api.log'])
    writeFileSync(join(root, name), 'x');
  expect(sourceHash(root)).toBe(before);
});
