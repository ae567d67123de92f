import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** The first line of what a test or file failed with, colours aside. */
function reason(errors: readonly { readonly message: string }[]): string {
  const first = errors[0]?.message.split('\n')[0] ?? 'no message';
  return stripVTControlCharacters(first).slice(0, 300);
}

function fileOf(module: TestModule): string {
  return relative(process.cwd(), module.moduleId);
}

function failedTest(test: TestCase): string {
  return `failed: ${fileOf(test.module)} > ${test.fullName}: ${reason(test.result().errors ?? [])}`;
}

/**
 * Ends the output of a run with one plain line, `123 passed, 0 failed, 2 skipped`, for scripts. Before it each failure has a
 * line of its own, `failed: FILE > TEST: REASON`, so that the end of a log tells what was wrong.
 */
export const summaryReporter: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    // A file that could not be read has no tests of its own that could fail.
    const broken = modules.filter((module) => module.errors().length > 0);
    const failures = [
      ...tests.filter((test) => test.result().state === 'failed').map(failedTest),
      ...broken.map((module) => `failed: ${fileOf(module)}: ${reason(module.errors())}`),
      ...unhandledErrors.map((error) => `failed: outside of any test: ${reason([error])}`),
    ];
    const skipped = count('skipped');
    const tail = skipped === 0 ? '' : `, ${skipped} skipped`;
    const lines = ['', ...failures, `${count('passed')} passed, ${failures.length} failed${tail}`, ''];
    process.stdout.write(lines.join('\n'));
  },
};
