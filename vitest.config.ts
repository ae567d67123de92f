import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { evidenceReporter } from './tests/evidence-reporter.ts';
import { summaryReporter } from './tests/summary-reporter.ts';

/** The same place as in tests/fixtures/databases.ts: without it the MySQL dialect cannot be run. */
const MARIADB = '/usr/sbin/mariadbd';
const thresholds = existsSync(MARIADB) ? { lines: 100, branches: 100 } : undefined;
if (thresholds === undefined && process.argv.includes('--coverage')) {
  process.stderr.write(
    `coverage is shown but not required: ${MARIADB} is missing (package mariadb-server)\n`,
  );
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Real hosts, root, minutes: npm run test:lab.
    exclude: ['tests/lab/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Many tests start databases and services of their own: more at once only makes them wait for each other.
    maxWorkers: 2,
    reporters: ['default', summaryReporter, evidenceReporter(import.meta.dirname, thresholds !== undefined)],
    coverage: {
      provider: 'v8',
      include: ['src/api/**/*.ts'],
      reporter: ['text', 'json-summary'],
      reportOnFailure: true,
      ...(thresholds === undefined ? {} : { thresholds }),
    },
  },
});
