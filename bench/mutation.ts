/**
 * npm run mutate [-- [--force] [--report] [MODULE…]]: breaks the code of the ledger, the lock, the journal and the
 * checklists' verdicts on purpose, one change at a time, and counts the changes that no test notices. Only what changed
 * since the last run is tried again, unless --force; --report shows the last results and runs nothing. Prints the tables
 * of docs/mutation.md; `.mutation/MODULE.json` holds every mutant, `.mutation/MODULE.html` shows them in the code.
 * Fails when a module is below 90 % or a survivor is not explained in bench/mutation/survivors.ts.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { MODULE_VARIABLE, MODULES, type MutatedModule, moduleNamed } from './mutation/modules.ts';
import { mutantsOf } from './mutation/mutant.ts';
import { explanationOf, type ModuleResult, scoreOf, survivorList, table } from './mutation/report.ts';
import { keepResult, lastResult, resultPath } from './mutation/results.ts';
import { SURVIVORS } from './mutation/survivors.ts';

const LEAST_PERCENT = 90;
const root = resolve(import.meta.dirname, '..');
const reports = join(root, '.mutation');

const { values, positionals } = parseArgs({
  options: { force: { type: 'boolean', default: false }, report: { type: 'boolean', default: false } },
  allowPositionals: true,
});
process.chdir(root);
mkdirSync(reports, { recursive: true });
const chosen = positionals.length === 0 ? MODULES : positionals.map(moduleNamed);
if (!values.report) for (const module of chosen) keepResult(reports, await mutate(module));
const results = chosen.map(({ name }) => lastResult(reports, name)).filter((each) => each !== undefined);
process.stdout.write(`\n${table(results)}\n\n${survivorList(results, SURVIVORS)}\n`);
process.exitCode = results.length === chosen.length && results.every(isGood) ? 0 : 1;

async function mutate(module: MutatedModule): Promise<ModuleResult> {
  const path = resultPath(reports, module.name);
  const temporary = mkdtempSync(join(tmpdir(), 'ompay-mutation-'));
  process.env[MODULE_VARIABLE] = module.name;
  const startedMs = performance.now();
  const texts = new Map(
    globSync([...module.sources], { cwd: root }).map((file) => [
      file,
      readFileSync(join(root, file), 'utf8'),
    ]),
  );
  try {
    const found = await new Stryker({
      mutate: [...module.sources],
      testRunner: 'vitest',
      vitest: { configFile: 'bench/mutation/vitest.config.ts', related: false },
      plugins: ['@stryker-mutator/vitest-runner'],
      coverageAnalysis: 'perTest',
      concurrency: 1,
      timeoutMS: 20_000,
      incremental: true,
      incrementalFile: `${path}.incremental.json`,
      force: values.force,
      reporters: ['html', 'progress-append-only'],
      htmlReporter: { fileName: `${path}.html` },
      tempDirName: join(temporary, 'sandboxes'),
      ignorePatterns: ['.ompay', '.mutation', 'coverage', 'docs'],
      // Stryker would read it with TypeScript's old interface, which version 7 no longer has.
      tsconfigFile: 'none',
    }).runMutationTest();
    const mutants = mutantsOf(found, { root, texts });
    return { name: module.name, mutants, durationMs: performance.now() - startedMs };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function isGood({ mutants }: ModuleResult): boolean {
  const unexplained = mutants.filter(
    (mutant) => !mutant.isKilled && explanationOf(mutant, SURVIVORS) === undefined,
  );
  return scoreOf(mutants).percent >= LEAST_PERCENT && unexplained.length === 0;
}
