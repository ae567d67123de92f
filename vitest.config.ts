import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { evidenceReporter } from './tests/evidence-reporter.ts';
import { summaryReporter } from './tests/summary-reporter.ts';

/** The same places as in tests/fixtures: without these servers the MySQL dialect and what speaks to Redis cannot be run. */
const SERVERS: Readonly<Record<string, string>> = {
  '/usr/sbin/mariadbd': 'mariadb-server',
  '/usr/bin/redis-server': 'redis-server',
};
const missing = Object.keys(SERVERS).filter((path) => !existsSync(path));
const thresholds = missing.length === 0 ? { lines: 100, branches: 100 } : undefined;
if (thresholds === undefined && process.argv.includes('--coverage')) {
  const packages = missing.map((path) => `${path} is missing (package ${SERVERS[path]})`).join(', ');
  process.stderr.write(`coverage is shown but not required: ${packages}\n`);
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Real hosts, root, minutes: npm run test:lab.
    exclude: ['tests/lab/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A second, the default, is soon over where other tests keep both cores busy. What is quick is measured in bench/.
    expect: { poll: { timeout: 20_000, interval: 30 } },
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
