/**
 * node bench/binlog.ts [--transactions 20000] [--runs 20] [--load-seconds 15]
 * The binary log of MySQL 9.7, received and replayed: replay as relay logs beside durable `mysqlbinlog | mysql`; how long
 * from a commit to the receiver's disk; and servers that are killed and deleted under transfers. Everything on this
 * machine, over TCP and TLS, in temporary folders.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureDelay } from './binlog/delay.ts';
import { killOnce } from './binlog/kill.ts';
import { measureReplay } from './binlog/replay.ts';

const REPLAY_BAR = 8;
const DELAY_BAR_MS = 50;

const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '20000' },
    runs: { type: 'string', default: '20' },
    'load-seconds': { type: 'string', default: '15' },
  },
});
const work = mkdtempSync(join(tmpdir(), 'ompay-bench-'));
const missed: string[] = [];

try {
  if (Number(values.transactions) > 0) await replays(Number(values.transactions));
  if (Number(values['load-seconds']) > 0) await delays(Number(values['load-seconds']) * 1000);
  if (Number(values.runs) > 0) await kills(Number(values.runs));
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const each of missed) print(`MISSED: ${each}`);
process.exitCode = missed.length === 0 ? 0 : 1;

async function replays(transactions: number): Promise<void> {
  const result = await measureReplay(work, transactions);
  const ratio = result.stockMs / result.replayMs;
  print(`replay of ${result.transactions} transactions, ${(result.logBytes / 1e6).toFixed(1)} MB of log`);
  print(`  find the target and check the log  ${seconds(result.resolveMs)}`);
  print(
    `  as relay logs, with start of mysqld ${seconds(result.replayMs)}, and ${seconds(result.stopMs)} to stop it cleanly`,
  );
  print(`  mysqlbinlog | mysql, durable        ${seconds(result.stockMs)}`);
  print(`  ratio ${ratio.toFixed(1)}, results equal: ${result.isEqual}`);
  if (ratio < REPLAY_BAR) missed.push(`replay ${ratio.toFixed(1)} times as quick, the bar is ${REPLAY_BAR}`);
  if (!result.isEqual) missed.push('the replayed databases differ');
}

async function delays(loadMs: number): Promise<void> {
  for (const mode of ['asynchronous', 'semi-synchronous'] as const) {
    const result = await measureDelay(mode, loadMs);
    print(
      `${mode}: ${result.transactions} transfers; commit to disk P50 ${result.delayP50Ms.toFixed(1)} ms, P99 ${result.delayP99Ms.toFixed(1)} ms; ` +
        `a client waits P50 ${result.answerP50Ms.toFixed(1)} ms, P99 ${result.answerP99Ms.toFixed(1)} ms`,
    );
    if (result.delayP99Ms > DELAY_BAR_MS)
      missed.push(`${mode}: P99 ${result.delayP99Ms} ms, the bar is ${DELAY_BAR_MS}`);
  }
}

async function kills(runs: number): Promise<void> {
  for (let run = 1; run <= runs; run += 1) {
    const loadMs = 1000 + Math.round(Math.random() * 2000);
    const { acknowledged, lost, restored, imbalance } = await killOnce(work, loadMs);
    print(
      `kill ${run}: ${acknowledged} acknowledged in ${seconds(loadMs)}, ${restored} restored, ${lost} lost, imbalance ${imbalance}`,
    );
    if (lost > 0 || imbalance !== '0' || acknowledged === 0)
      missed.push(`kill ${run}: ${lost} of ${acknowledged} lost`);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
