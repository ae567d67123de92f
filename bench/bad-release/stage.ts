import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Layout, localLayout } from '../../src/core/layout.ts';
import { liveSlot } from '../../src/core/slots/live.ts';
import { quantileMs } from '../../src/deploy/observation/histogram.ts';
import { frontCounts } from '../../src/front/front-client.ts';
import { goodTree } from '../../tests/fixtures/faulty-release.ts';
import { ompay, timed, underLoad } from '../switch/installation.ts';
import type { LoadResult } from '../switch/load.ts';
import { type SeededUser, seedUsers } from '../switch/seed.ts';

/** 256 clients that together send 200 requests a second, four of ten transfers, also when answers take a second. */
const LOAD = { connections: 256, pauseMs: 0, everyMs: 1_280, slowMs: 10_000, maxMs: 30 * 60_000 };
/** Each stays far under 60 money requests a minute. */
const USERS = 256 * 2;
const COMMAND_MS = 400_000;
const LOOK_MS = 20;
/** What the front keeps (src/front/proxy/recent.ts). */
const CALM_MS = 30_000;

export interface Stage {
  readonly programRoot: string;
  readonly work: string;
  readonly layout: Layout;
  readonly port: number;
  /** Installed once something is deployed. */
  users: readonly SeededUser[];
}

/** An installation with this program live and customers with money. */
export async function openStage(programRoot: string, port: number): Promise<Stage> {
  const work = mkdtempSync(join(tmpdir(), 'ompay-bad-'));
  const stage: Stage = { programRoot, work, layout: localLayout(work), port, users: [] };
  try {
    const tree = goodTree(programRoot, join(work, 'tree'), 'first');
    timed({ tree, work }, ['deploy', '--port', String(port), ...watchFor(1)]);
    stage.users = await seedUsers(stage.layout, USERS);
    return stage;
  } catch (error) {
    closeStage(stage);
    throw error;
  }
}

export function closeStage({ programRoot, work }: Stage): void {
  ompay({ tree: programRoot, work }, ['down']);
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}

export function withLoad(stage: Stage, during: () => Promise<void>): Promise<LoadResult> {
  return underLoad({ ...stage, shape: LOAD }, during);
}

export function watchFor(seconds: number): string[] {
  return ['--bake', String(seconds)];
}

/** What one deploy under load came to. */
export interface DeployOutcome {
  readonly exitCode: number | null;
  readonly summary: string;
  /** From the switch to the old release's being live again; null when nothing was switched or nothing put back. */
  readonly backAfterMs: number | null;
  readonly switched: boolean;
  /** The evidence of kind `observation` that the run left, as it was journalled. */
  readonly observation: Observed | null;
}

export interface Observed {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly baseline: Figures | null;
  readonly after: Figures;
  readonly perSecond: readonly unknown[];
}

interface Figures {
  readonly requests: number;
  readonly failed: number;
  readonly p95Ms: number | null;
}

/** One line of `ompay deploy --json`, as far as it is read here. */
interface Line {
  readonly type: string;
  readonly kind?: string;
  readonly summary?: string;
  readonly data?: Observed;
}

/**
 * Waits until the half minute that the next release is compared with has nothing of an earlier deploy in it; gives the
 * P95 that users saw in it, milliseconds.
 */
export async function calmP95(stage: Stage): Promise<number> {
  await delay(CALM_MS);
  const live = liveSlot(stage.layout);
  const { recent = {}, latencyBoundsMs = [] } = await frontCounts(stage.layout.frontSocket);
  const counts = recent[`${live}.sock`]?.latency ?? [];
  const p95Ms = quantileMs({ boundsMs: latencyBoundsMs, counts }, 0.95);
  if (p95Ms === null) throw new Error('no requests came');
  return p95Ms;
}

export async function deployOf(stage: Stage, tree: string, bakeSeconds: number): Promise<DeployOutcome> {
  const switches = watchSwitches(stage.layout);
  const { exitCode, stdout } = await run(join(tree, 'bin/ompay'), [
    '-C',
    stage.work,
    'deploy',
    '--json',
    ...watchFor(bakeSeconds),
  ]);
  const [there, back] = switches.stop();
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line));
  return {
    exitCode,
    summary: lines.at(-1)?.summary ?? '',
    switched: there !== undefined,
    backAfterMs: there === undefined || back === undefined ? null : back - there,
    observation: lines.find(({ kind }) => kind === 'observation')?.data ?? null,
  };
}

/** When the link that the front follows pointed elsewhere, milliseconds; seen by looking at it. */
function watchSwitches(layout: Layout): { stop(): readonly number[] } {
  let last = liveSlot(layout);
  const seenMs: number[] = [];
  const timer = setInterval(() => {
    const now = liveSlot(layout);
    if (now !== last) seenMs.push(performance.now());
    last = now;
  }, LOOK_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return seenMs;
    },
  };
}

function run(file: string, args: readonly string[]): Promise<{ exitCode: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: COMMAND_MS });
    let stdout = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout }));
  });
}
