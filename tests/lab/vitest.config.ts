import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { summaryReporter } from '../summary-reporter.ts';

/** Tests on real hosts: root, minutes, one file at a time, since each has a fleet of its own. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, '../..'),
    include: ['tests/lab/**/*.test.ts'],
    testTimeout: 120_000,
    // The first run makes the base image.
    hookTimeout: 1_200_000,
    fileParallelism: false,
    reporters: ['default', summaryReporter],
  },
});
