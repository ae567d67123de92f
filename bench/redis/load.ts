import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { ask } from '../../tests/fixtures/ask.ts';
import type { LoadInput, LoadResult, LoadUser } from '../ledger/load.ts';

export interface LoadParts {
  readonly folder: string;
  readonly socketPaths: readonly string[];
  readonly users: readonly LoadUser[];
  readonly connections: number;
}

export interface Loaded {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 200 `reussi`. */
  readonly wrong: readonly string[];
}

const WARM_UP_MS = 2_000;
const EXTRA_MS = 30_000;

/** As many transfers as go, from a process of its own. */
export async function loadOf(parts: LoadParts, durationMs: number): Promise<Loaded> {
  const [inputPath, resultPath] = [join(parts.folder, 'input.json'), join(parts.folder, 'result.json')];
  const { socketPaths, users, connections } = parts;
  const length = { warmUpMs: WARM_UP_MS, durationMs: durationMs - WARM_UP_MS, ratePerSecond: 0 };
  const input: LoadInput = { socketPaths, users, connections, ...length, merchantCode: null, resultPath };
  writeFileSync(inputPath, JSON.stringify(input));
  const child = spawn(process.execPath, [join(import.meta.dirname, '../ledger/load.ts'), inputPath], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: durationMs + EXTRA_MS,
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the load ended with ${String(code)}`);
  const result: LoadResult = JSON.parse(readFileSync(resultPath, 'utf8'));
  return {
    perSecond: Math.round((result.succeeded * 1_000) / result.durationMs),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    wrong: Object.entries(result.others).flatMap(([answer, times]) => Array(times).fill(answer)),
  };
}

/** How long until every process's /health says so of Redis. */
export async function healthWithin(
  socketPaths: readonly string[],
  expected: 'ok' | 'error',
): Promise<number> {
  const startMs = systemClock.monotonicMs();
  for (const socketPath of socketPaths) {
    while (JSON.parse((await ask({ socketPath }, '/health')).body).services.redis !== expected) {
      if (systemClock.monotonicMs() - startMs > EXTRA_MS) throw new Error(`/health never said ${expected}`);
      await systemClock.sleep(20);
    }
  }
  return Math.round(systemClock.monotonicMs() - startMs);
}
