import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { MODULE_VARIABLE, moduleNamed } from './modules.ts';

const { tests, usesDatabase } = moduleNamed(process.env[MODULE_VARIABLE]);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** For Stryker alone: the tests of one module; those that need a database share one, as each mutant runs them again. */
export default defineConfig({
  test: {
    include: [...tests],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Some of those with a database replace a module, which must not outlive their file.
    isolate: usesDatabase,
    fileParallelism: false,
    ...(usesDatabase ? { globalSetup: [here('shared-server.ts')] } : {}),
  },
  resolve: {
    alias: usesDatabase
      ? [
          { find: /^.*\/fixtures\/databases\.ts$/, replacement: here('databases.ts') },
          { find: /^.*\/ledger-hold-races\.ts$/, replacement: here('no-races.ts') },
        ]
      : [],
  },
});
