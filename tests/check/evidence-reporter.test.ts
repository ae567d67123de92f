import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEvidence } from '../../src/check/evidence.ts';
import { sourceHash } from '../../src/check/source-tree.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { type Ended, run } from '../fixtures/ompay.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A small project with this repository's reporter. */
function project(tests: string): string {
  const folder = temporaryFolder();
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['src', 'tests']) mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, 'src/sign.ts'),
    'export const sign = (x: number): number => {\n  if (x < 0) return -1;\n  return 1;\n};\n',
  );
  writeFileSync(
    join(folder, 'tests/sign.test.ts'),
    `import { expect, test } from 'vitest';\nimport { sign } from '../src/sign.ts';\n${tests}`,
  );
  writeFileSync(
    join(folder, 'tests/other.test.ts'),
    "import { test } from 'vitest';\ntest('one more', () => {});\n",
  );
  writeFileSync(
    join(folder, 'vitest.config.ts'),
    `import { evidenceReporter } from '${ROOT}/tests/evidence-reporter.ts';
     export default { test: {
       reporters: [evidenceReporter(import.meta.dirname, true)],
       coverage: { provider: 'v8', include: ['src/**'], reporter: [], reportOnFailure: true } } };`,
  );
  return folder;
}

function vitest(folder: string, ...args: readonly string[]): Promise<Ended> {
  const program = join(ROOT, 'node_modules/vitest/vitest.mjs');
  return run(process.execPath, [program, 'run', '--root', folder, ...args]);
}

const GOOD = "test('both', () => { expect([sign(-2), sign(2)]).toEqual([-1, 1]); });\n";

test('a whole run with coverage is kept for the very source that was tested', async () => {
  const folder = project(`${GOOD}test.skip('later', () => {});\n`);
  expect((await vitest(folder, '--coverage')).exitCode).toBe(0);
  expect(readEvidence(folder, 'tests')).toMatchObject({
    subject: sourceHash(folder),
    commit: null,
    figures: { passed: 2, failed: 0, skipped: 1, linesPercent: 100, branchesPercent: 100 },
  });
});

test('a failed run is kept as such, with what it covered', async () => {
  const folder = project("test('half', () => { expect(sign(2)).toBe(-1); });\n");
  expect((await vitest(folder, '--coverage')).exitCode).toBe(1);
  const { figures } = readEvidence(folder, 'tests') ?? {};
  expect(figures).toMatchObject({ passed: 1, failed: 1, skipped: 0, branchesPercent: 50 });
});

test('a run of some tests, or without coverage, proves nothing and is not kept', async () => {
  const folder = project(GOOD);
  await vitest(folder, '--coverage', 'sign');
  await vitest(folder, '--coverage', '-t', 'both');
  await vitest(folder);
  expect(readEvidence(folder, 'tests')).toBeUndefined();
});

test('a source that is edited while it is tested has no evidence', async () => {
  const edit = `import { appendFileSync } from 'node:fs';\ntest('edits', () => { appendFileSync(new URL('../src/sign.ts', import.meta.url), '// more'); });\n`;
  const folder = project(`${GOOD}${edit}`);
  const { stderr } = await vitest(folder, '--coverage');
  expect(stderr).toContain('no evidence is kept');
  expect(readEvidence(folder, 'tests')).toBeUndefined();
  expect(readFileSync(join(folder, 'src/sign.ts'), 'utf8')).toContain('// more');
});
