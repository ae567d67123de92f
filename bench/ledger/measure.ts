import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type ApiProcess, apiProcess } from '../../tests/fixtures/api-process.ts';
import { type CpuMs, cpuOfChildren } from './cpu.ts';
import type { LoadInput, LoadResult } from './load.ts';
import type { Seeded } from './seed.ts';

/** One way of running the API under one kind of load. */
export interface Case {
  readonly name: string;
  readonly processes: 1 | 2;
  readonly hot: boolean;
  /** One transaction a request instead of our batches. */
  readonly peer: boolean;
  /** 0: as fast as it goes. */
  readonly ratePerSecond: number;
}

export interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** CPU microseconds a transfer. */
  readonly cpuUs: { readonly api: number; readonly database: number; readonly load: number };
  /** Answers other than 2xx `reussi`. */
  readonly others: Readonly<Record<string, number>>;
}

export interface Stage {
  readonly folder: string;
  /** The bundle of the API. */
  readonly entry: string;
  readonly settings: DatabaseSettings;
  readonly seeded: Seeded;
  /** Where each API process leaves a CPU profile (.cpuprofile); undefined: nowhere. */
  readonly profileFolder?: string | undefined;
}

export interface Length {
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly connections: number;
}

const SOURCE_ENTRY = join(import.meta.dirname, '../../src/api/main.ts');
const PEER = new URL('./peer.ts', import.meta.url).href;
const LOAD = join(import.meta.dirname, 'load.ts');
/** Beyond its own duration, for connecting and for the last answers. */
const LOAD_EXTRA_MS = 60_000;

/** Starts the case's processes, loads them, and ends them. */
export async function measure(stage: Stage, one: Case, length: Length): Promise<Measured> {
  const entry = one.peer ? SOURCE_ENTRY : stage.entry;
  const processes = Array.from({ length: one.processes }, (_, index) => processOf(stage, one, index, entry));
  try {
    await Promise.all(processes.map((each) => each.start()));
    return await load(stage, one, { length, entry, socketPaths: processes.map((each) => each.socketPath) });
  } finally {
    await Promise.all(processes.map((each) => each.stop()));
  }
}

function processOf(stage: Stage, one: Case, index: number, entry: string): ApiProcess {
  const { folder, settings, profileFolder } = stage;
  const nodeOptions = [
    ...(one.peer ? [`--import=${PEER}`] : []),
    ...(profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]),
  ];
  return apiProcess({
    folder,
    name: `api-${index}`,
    entry,
    database: settings,
    // As the requirements' production environment has it.
    environment: { LOG_LEVEL: 'error', NODE_OPTIONS: nodeOptions.join(' ') },
  });
}

interface LoadedBy {
  readonly length: Length;
  readonly entry: string;
  readonly socketPaths: readonly string[];
}

async function load({ folder, seeded }: Stage, one: Case, by: LoadedBy): Promise<Measured> {
  const { warmUpMs, durationMs, connections } = by.length;
  const resultPath = join(folder, 'load-result.json');
  const input: LoadInput = {
    socketPaths: by.socketPaths,
    connections,
    warmUpMs,
    durationMs,
    ratePerSecond: one.ratePerSecond,
    users: seeded.users,
    merchantCode: one.hot ? seeded.merchantCode : null,
    resultPath,
  };
  const inputPath = join(folder, 'load-input.json');
  writeFileSync(inputPath, JSON.stringify(input));
  const child = spawn(process.execPath, [LOAD, inputPath], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: warmUpMs + durationMs + LOAD_EXTRA_MS,
  });
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`the load ended with ${String(code)}`);
  });
  const [cpuMs] = await Promise.all([cpuWhile(by), ended]);
  return summed(JSON.parse(readFileSync(resultPath, 'utf8')), cpuMs);
}

/** About the time that counts: the load needs a moment to start. */
async function cpuWhile({ length: { warmUpMs, durationMs }, entry }: LoadedBy): Promise<CpuMs> {
  await systemClock.sleep(warmUpMs);
  const before = cpuOfChildren(entry);
  await systemClock.sleep(durationMs);
  const after = cpuOfChildren(entry);
  return { api: after.api - before.api, database: after.database - before.database };
}

function summed(result: LoadResult, cpuMs: CpuMs): Measured {
  const { succeeded, durationMs, p50Ms, p99Ms, worstMs, others } = result;
  const each = (ms: number): number => Math.round((ms * 1000) / Math.max(1, succeeded));
  return {
    perSecond: Math.round((succeeded * 1000) / durationMs),
    p50Ms,
    p99Ms,
    worstMs,
    cpuUs: { api: each(cpuMs.api), database: each(cpuMs.database), load: each(result.cpuMs) },
    others,
  };
}
