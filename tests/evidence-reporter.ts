import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { type EvidenceRecorder, measureSource } from '../bench/evidence.ts';

/**
 * Keeps what a whole run with coverage saw, for the check `tests-pass`: a run of some files proves nothing of the
 * others, and a source that was edited meanwhile was never tested as it is.
 * @param root the checkout; its `.ompay-evidence/tests.json` is written.
 * @param coverageCounts false where a database is missing whose adapter can then not be covered.
 */
export function evidenceReporter(root: string, coverageCounts: boolean): Reporter {
  let vitest: Vitest | undefined;
  let recorder: EvidenceRecorder | undefined;
  let coverage: Coverage | undefined;
  return {
    onInit: (runner) => {
      vitest = runner;
    },
    onTestRunStart: async (specifications) => {
      const isWhole = vitest !== undefined && (await isWholeRun(vitest, specifications.length));
      recorder = isWhole ? measureSource(root, 'tests') : undefined;
    },
    onCoverage: (map) => {
      coverage = coverageCounts ? coverageIn(map) : undefined;
    },
    onTestRunEnd: (modules, errors, reason) => {
      if (recorder === undefined || reason === 'interrupted') return;
      const kept = recorder.record({ ...countsOf(modules, errors.length), ...coverage });
      if (!kept) process.stderr.write('the source changed while it was tested: no evidence is kept\n');
    },
  };
}

async function isWholeRun(vitest: Vitest, fileCount: number): Promise<boolean> {
  const { coverage, shard, testNamePattern, watch } = vitest.config;
  if (!coverage.enabled || watch || shard !== undefined || testNamePattern !== undefined) return false;
  return (await vitest.globTestSpecifications()).length === fileCount;
}

function countsOf(modules: readonly TestModule[], unhandledErrors: number) {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
  // A file that could not be read has no tests of its own that could fail.
  const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
  return {
    passed: count('passed'),
    failed: count('failed') + brokenFiles + unhandledErrors,
    skipped: count('skipped'),
  };
}

interface Coverage {
  readonly linesPercent: number;
  readonly branchesPercent: number;
}

/** From istanbul's coverage map, whose type vitest leaves open; undefined when nothing was measured. */
function coverageIn(map: unknown): Coverage | undefined {
  if (typeof map !== 'object' || map === null || !('getCoverageSummary' in map)) return undefined;
  if (typeof map.getCoverageSummary !== 'function') return undefined;
  const summary: unknown = map.getCoverageSummary();
  const linesPercent = percentIn(summary, 'lines');
  const branchesPercent = percentIn(summary, 'branches');
  if (linesPercent === undefined || branchesPercent === undefined) return undefined;
  return { linesPercent, branchesPercent };
}

function percentIn(summary: unknown, what: 'lines' | 'branches'): number | undefined {
  const part: unknown =
    typeof summary === 'object' && summary !== null ? Reflect.get(summary, what) : undefined;
  const percent: unknown = typeof part === 'object' && part !== null ? Reflect.get(part, 'pct') : undefined;
  return typeof percent === 'number' ? percent : undefined;
}
