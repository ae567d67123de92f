/**
 * npm run bench:help: `ompay --help` beside the pinned Node's `-e 0`, whole processes, in turn, 15 times each after a
 * warm-up; then with an empty compile cache.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const RUNS = 15;
const root = resolve(import.meta.dirname, '..');
const ompay = join(root, 'bin/ompay');
const cache = mkdtempSync(join(tmpdir(), 'ompay-help-'));

try {
  const cold = elapsedMs(ompay, ['--help']);
  for (let warmup = 0; warmup < 3; warmup += 1) elapsedMs(ompay, ['--help']);
  const help: number[] = [];
  const node: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    help.push(elapsedMs(ompay, ['--help']));
    node.push(elapsedMs(process.execPath, ['-e', '0']));
  }
  const ratio = median(help) / median(node);
  process.stdout.write('| command | median | fastest | slowest |\n|---|---|---|---|\n');
  process.stdout.write(row('ompay --help, warm', help));
  process.stdout.write(row('node -e 0', node));
  process.stdout.write(
    `\nratio of the medians: ${ratio.toFixed(2)} (bar: 3); with an empty compile cache: ${cold.toFixed(0)} ms\n`,
  );
  process.exitCode = ratio <= 3 ? 0 : 1;
} finally {
  rmSync(cache, { recursive: true, force: true });
}

function elapsedMs(command: string, args: readonly string[]): number {
  const startedMs = performance.now();
  const { status } = spawnSync(command, args, {
    env: { PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE: cache },
    stdio: 'ignore',
  });
  if (status !== 0) throw new Error(`${command} exited ${status}`);
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function row(name: string, values: readonly number[]): string {
  return `| ${name} | ${median(values).toFixed(1)} ms | ${Math.min(...values).toFixed(1)} ms | ${Math.max(...values).toFixed(1)} ms |\n`;
}
