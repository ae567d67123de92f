/**
 * npm run bench:memory [-- --database mariadb --seconds 300 --rate 1000 --users 20000 --node-options=--max-semi-space-size=16 --json]
 * Memory of one API process at a fixed rate of transfers (open loop), looked at once a second: the bar is 250 MB, flat.
 * Ends with 1 when it is missed. The first fifth, at most a minute, is warming up: code is compiled, pools fill.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.ts';
import { apiProcess, bundleApi } from '../tests/fixtures/api-process.ts';
import type { LoadInput, LoadResult } from './ledger/load.ts';
import { seed } from './ledger/seed.ts';
import { startServer } from './ledger/servers.ts';
import { courseOf, type Sample } from './memory/samples.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'mariadb' },
    seconds: { type: 'string', default: '300' },
    rate: { type: 'string', default: '1000' },
    users: { type: 'string', default: '20000' },
    // As a slot runs: docs/observability.md, memory.
    'node-options': { type: 'string', default: '--max-semi-space-size=16' },
    json: { type: 'boolean', default: false },
  },
});

const MOST_MB = 250;
/** Less is the noise of the collector; 2 MB a minute would be 2.9 GB a day. */
const FLAT_MB_A_MINUTE = 2;
const CONNECTIONS = 128;
const EXTRA_MS = 60_000;
const durationMs = Number(values.seconds) * 1000;
const warmMs = Math.min(60_000, durationMs / 5);
const work = mkdtempSync(join(tmpdir(), 'ompay-bench-'));

try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function main(): Promise<boolean> {
  const entry = await bundleApi(work);
  const server = await startServer(values.database);
  try {
    const settings = await server.emptyDatabase();
    const { users } = await seed(settings, Number(values.users));
    const environment = { LOG_LEVEL: 'info', NODE_OPTIONS: values['node-options'] };
    const api = apiProcess({ folder: work, name: 'api', entry, database: settings, environment });
    await api.start();
    try {
      return report(...(await loaded(api.socketPath, { users, entry })));
    } finally {
      await api.stop();
    }
  } finally {
    await server.stop();
  }
}

async function loaded(
  socketPath: string,
  { users, entry }: Pick<LoadInput, 'users'> & { readonly entry: string },
): Promise<[readonly Sample[], LoadResult]> {
  const input: LoadInput = {
    socketPaths: [socketPath],
    connections: CONNECTIONS,
    warmUpMs: warmMs,
    durationMs: durationMs - warmMs,
    ratePerSecond: Number(values.rate),
    users,
    merchantCode: null,
    resultPath: join(work, 'result.json'),
  };
  const inputPath = join(work, 'input.json');
  writeFileSync(inputPath, JSON.stringify(input));
  const load = spawn(process.execPath, [join(import.meta.dirname, 'ledger/load.ts'), inputPath], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: durationMs + EXTRA_MS,
  });
  const ended = once(load, 'exit');
  const samples = await sampled(pidOf(entry), () => load.exitCode === null && load.signalCode === null);
  const [code] = await ended;
  if (code !== 0) throw new Error(`the load ended with ${String(code)}`);
  return [samples, JSON.parse(readFileSync(input.resultPath, 'utf8'))];
}

async function sampled(pid: number, goesOn: () => boolean): Promise<readonly Sample[]> {
  const startedMs = systemClock.monotonicMs();
  const samples: Sample[] = [];
  while (goesOn()) {
    await systemClock.sleep(1_000);
    samples.push({ atMs: systemClock.monotonicMs() - startedMs, residentMb: residentMbOf(pid) });
  }
  return samples;
}

/** The process that runs the bundle, which is in this run's own folder. */
function pidOf(entry: string): number {
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && commandOf(name).includes(entry));
  if (found === undefined) throw new Error(`no process runs ${entry}`);
  return Number(found);
}

function commandOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It has just ended.
    return [];
  }
}

function residentMbOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

function report(samples: readonly Sample[], result: LoadResult): boolean {
  const course = courseOf(samples, warmMs);
  const kept = course.mostMb <= MOST_MB && course.mbAMinute <= FLAT_MB_A_MINUTE;
  const perSecond = (result.succeeded * 1000) / result.durationMs;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ course, perSecond, result, samples })}\n`);
    return kept;
  }
  const row = [
    values.database,
    perSecond.toFixed(0),
    result.p99Ms.toFixed(1),
    course.firstMb.toFixed(0),
    course.medianMb.toFixed(0),
    course.mostMb.toFixed(0),
    course.mbAMinute.toFixed(1),
    JSON.stringify(result.others),
    kept ? 'yes' : 'NO',
  ];
  process.stdout.write(
    `| database | transfers/s | P99 ms | warm MB | median MB | most MB | MB a minute | other answers | ≤ ${MOST_MB} MB, flat |
|---|---:|---:|---:|---:|---:|---:|---|---|
| ${row.join(' | ')} |
`,
  );
  return kept;
}
