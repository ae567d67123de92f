/**
 * npm run bench:switch [-- --cycles 20 --control 5]
 * Failed requests while releases are switched under load: CYCLES times a deploy of a changed release and a rollback,
 * through the command line itself, then the failing control (the old slot is killed right after the switch).
 * Everything runs on loopback, in a temporary folder; the load is 64 connections and ends with the last switch.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.ts';
import { localLayout, otherSlot } from '../src/core/layout.ts';
import { switchSlot } from '../src/core/slots/switch.ts';
import { liveSlot } from '../src/deploy/facts.ts';
import { supervisorClient } from '../src/front/supervisor-client.ts';
import { holdLock } from '../src/plan/lock.ts';
import { measureSource } from './evidence.ts';
import { ompay, timed, underLoad } from './switch/installation.ts';
import type { LoadResult } from './switch/load.ts';
import { countReferences, seedUsers } from './switch/seed.ts';
import { changedTree } from './switch/tree.ts';

const PORT = 18_080;
const CONNECTIONS = 64;
/** Enough that each stays under 60 money requests a minute. A number a connection that shares no factor with the mix. */
const USERS = CONNECTIONS * 61;

const { values } = parseArgs({
  options: { cycles: { type: 'string', default: '20' }, control: { type: 'string', default: '5' } },
});
const programRoot = resolve(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'ompay-bench-'));
const layout = localLayout(work);
const evidence = measureSource(programRoot, 'switch');

try {
  await main();
} finally {
  ompay({ tree: programRoot, work }, ['down']);
  rmSync(work, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const deployTimes: number[] = [];
  const rollbackTimes: number[] = [];
  say(
    `first deploy: ${Math.round(timed({ tree: programRoot, work }, ['deploy', '--port', String(PORT)]))} ms`,
  );
  const users = await seedUsers(layout, USERS);
  const switched = await underLoad({ work, port: PORT, users, programRoot }, async () => {
    for (let cycle = 1; cycle <= Number(values.cycles); cycle += 1) {
      const tree = changedTree(programRoot, join(work, 'tree'), `bench ${cycle}`);
      deployTimes.push(timed({ tree, work }, ['deploy']));
      rollbackTimes.push(timed({ tree, work }, ['rollback']));
      say(
        `cycle ${cycle}: deploy ${Math.round(deployTimes.at(-1) ?? 0)} ms, rollback ${Math.round(rollbackTimes.at(-1) ?? 0)} ms`,
      );
    }
  });
  const ledger = await countReferences(layout, switched.references);
  const control = await underLoad({ work, port: PORT, users, programRoot }, () =>
    killAfterSwitch(Number(values.control)),
  );
  print({ switched, control, deployTimes, rollbackTimes, ledger });
  const kept = evidence.record({
    requests: switched.requests,
    failedRequests: switched.failed,
    acknowledgedTransfers: switched.references.length,
    missingTransfers: ledger.missing,
    doubledTransfers: ledger.doubled,
    entriesSumXof: ledger.sumXof,
    controlFailedRequests: control.failed,
    cycles: deployTimes.length,
    p99Ms: switched.p99Ms,
  });
  if (!kept) say('the source changed meanwhile: no evidence is kept');
  const failed =
    switched.failed > 0 ||
    ledger.missing > 0 ||
    ledger.doubled > 0 ||
    ledger.sumXof !== 0 ||
    control.failed === 0;
  process.exitCode = failed ? 1 : 0;
}

/** The control: a switch like ours, but the old slot is killed at once instead of drained. It must show failures. */
async function killAfterSwitch(times: number): Promise<void> {
  const supervisor = supervisorClient(layout.supervisorSocket);
  for (let turn = 0; turn < times; turn += 1) {
    const live = liveSlot(layout) ?? 'blue';
    const lock = holdLock(
      layout.lock,
      { owner: 'bench', machine: 'bench', run: `control-${turn}`, reason: 'control' },
      systemClock,
    );
    switchSlot(layout, { slot: otherSlot(live), fencingToken: lock.token }, systemClock);
    lock.release();
    const old = (await supervisor.status()).services.find((service) => service.name === live);
    if (old?.pid != null) process.kill(old.pid, 'SIGKILL');
    await systemClock.sleep(3000);
  }
}

function median(values_: readonly number[]): number {
  return Math.round([...values_].sort((a, b) => a - b)[Math.floor(values_.length / 2)] ?? 0);
}

interface Figures {
  readonly switched: LoadResult;
  readonly control: LoadResult;
  readonly deployTimes: readonly number[];
  readonly rollbackTimes: readonly number[];
  readonly ledger: { readonly missing: number; readonly doubled: number; readonly sumXof: number };
}

function print({ switched, control, deployTimes, rollbackTimes, ledger }: Figures): void {
  const row = (name: string, result: LoadResult): string =>
    `| ${name} | ${result.requests} | ${result.failed} ${result.failed === 0 ? '' : JSON.stringify(result.failures)} | ${((100 * result.succeeded) / result.requests).toFixed(2)} % | ${Math.round(result.requests / (result.durationMs / 1000))}/s | ${result.p50Ms} / ${result.p99Ms} / ${result.worstMs} ms |`;
  say('');
  say('| run | requests | failed | 2xx | rate | P50 / P99 / worst |');
  say('|---|---|---|---|---|---|');
  say(row(`${deployTimes.length} deploys and ${rollbackTimes.length} rollbacks`, switched));
  say(row('control: old slot killed at once', control));
  say('');
  say(
    `deploy of a changed release under load, whole process: median ${median(deployTimes)} ms; rollback: median ${median(rollbackTimes)} ms`,
  );
  say(
    `${switched.references.length} acknowledged transfers: ${ledger.missing} missing, ${ledger.doubled} doubled; entries sum to ${ledger.sumXof} XOF`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
