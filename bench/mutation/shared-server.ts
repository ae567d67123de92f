import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import { startProcess } from '../../tests/fixtures/processes.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly sharedServer: DatabaseSettings;
  }
}

const START_TIMEOUT_MS = 180_000;

/** Starts the PGlite server that all tests of a run share; a test file empties it before it begins. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'ompay-mutation-'));
  const socketPath = join(folder, '.s.PGSQL.5432');
  const host = resolve('src/engine/pglite-host-main.ts');
  const server = startProcess({
    command: process.execPath,
    args: [host, '--data', join(folder, 'data'), '--socket', socketPath],
    logFile: join(folder, 'server.log'),
  });
  const stop = async (): Promise<void> => {
    await server.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const settings: DatabaseSettings = {
    connection: 'pglite',
    socketPath,
    database: 'postgres',
    username: 'postgres',
    poolSize: 4,
    statementTimeoutMs: 10_000,
  };
  try {
    await answers(settings);
  } catch (error) {
    process.stderr.write(server.log());
    await stop();
    throw error;
  }
  project.provide('sharedServer', settings);
  return stop;
}

async function answers(settings: DatabaseSettings): Promise<void> {
  const db = openDatabase({ ...settings, connectWaitMs: START_TIMEOUT_MS });
  try {
    await db.ping(START_TIMEOUT_MS);
  } finally {
    await db.close();
  }
}
