import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { migratedDatabase } from '../../fixtures/place.ts';

const ENTRY = fileURLToPath(new URL('../../../src/api/main.ts', import.meta.url));
const LIMIT_MS = 120_000;

test(
  "the API's own program works as a worker until it is stopped, and ends with 0",
  async () => {
    const { variables } = await migratedDatabase();
    const child = spawn(process.execPath, [ENTRY, 'worker'], {
      env: { ...variables, APP_ENV: 'local', LOG_CHANNEL: 'stderr', LOG_LEVEL: 'info' },
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const exited = once(child, 'exit');
    const said = text(child.stderr);
    await once(child.stderr, 'data');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(await said).toMatch(/"name":"ompay-worker"|ompay-worker/);
  },
  LIMIT_MS,
);
