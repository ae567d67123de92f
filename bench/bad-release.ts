/**
 * node bench/bad-release.ts [--good 0] [--bake 10] [--only slow]
 * Deploys a bad release of each kind under about 200 requests a second: the old one must serve again within 15 s of the
 * switch, with exit 5 and the evidence in the journal. `--good 20` deploys that many good ones first: none may go back.
 * `--only slow`: no bad release but the one that doubles P95.
 * Loopback, temporary folders; exits 1 when a bar is missed.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { liveSlot } from '../src/deploy/facts.ts';
import { type Fault, faultyTree, goodTree } from '../tests/fixtures/faulty-release.ts';
import {
  calmP95,
  closeStage,
  type DeployOutcome,
  deployOf,
  openStage,
  type Stage,
  withLoad,
} from './bad-release/stage.ts';

const PORT = 18_087;
const MOST_BACK_MS = 15_000;
/** Less would be under the rule's own floor of 10 ms. */
const LEAST_DELAY_MS = 15;

const { values } = parseArgs({
  options: {
    good: { type: 'string', default: '0' },
    bake: { type: 'string', default: '10' },
    only: { type: 'string' },
  },
});
const programRoot = resolve(import.meta.dirname, '..');
const bakeSeconds = Number(values.bake);

const missed = [...(await liveOnes()), ...(values.only === undefined ? await neverLive() : [])];
say('');
say(missed.length === 0 ? 'every bar is met' : `missed: ${missed.join('; ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;

/** Good releases, then faults that show once live; the one that breaks the ledger last, as what it wrote stays. */
async function liveOnes(): Promise<string[]> {
  const stage = await openStage(programRoot, PORT);
  const failures: string[] = [];
  try {
    const load = await withLoad(stage, async () => {
      await goodOnes(stage, failures);
      say('| release | exit | switched | old one back after | P95 before, after | what was seen |');
      say('|---|---|---|---|---|---|');
      if (values.only === undefined) {
        failures.push(...(await badOne(stage, { kind: 'transfersFail', share: 0.05 })));
        failures.push(...(await badOne(stage, { kind: 'transfersFail', share: 0.2 })));
      }
      const delayMs = Math.max(LEAST_DELAY_MS, Math.ceil(await calmP95(stage)));
      failures.push(...(await badOne(stage, { kind: 'slow', delayMs })));
      if (values.only === undefined) failures.push(...(await badOne(stage, { kind: 'ledgerOnceLive' })));
    });
    say('');
    say(
      `load: ${load.requests} requests at ${Math.round(load.requests / (load.durationMs / 1000))}/s, ${load.failed} failed (${JSON.stringify(load.failures)}), P50 ${load.p50Ms} ms, P99 ${load.p99Ms} ms`,
    );
  } finally {
    closeStage(stage);
  }
  return failures;
}

async function goodOnes(stage: Stage, failures: string[]): Promise<void> {
  const verdicts: Record<string, number> = {};
  const times = Math.max(1, Number(values.good));
  for (let turn = 1; turn <= times; turn += 1) {
    const tree = goodTree(programRoot, join(stage.work, 'tree'), `good ${turn}`);
    const outcome = await deployOf(stage, tree, bakeSeconds);
    const verdict = outcome.observation?.verdict ?? 'not observed';
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (outcome.exitCode !== 0) failures.push(`good deploy ${turn}: ${outcome.summary}`);
    say(
      `good deploy ${turn}: exit ${outcome.exitCode}, ${verdict}, P95 ${latencies(outcome)}; ${outcome.summary}`,
    );
  }
  say(`${times} good deploys: ${JSON.stringify(verdicts)}`);
  say('');
}

/** What the fault missed of its bar. */
async function badOne(stage: Stage, fault: Fault): Promise<string[]> {
  const name = nameOf(fault);
  const before = liveSlot(stage.layout);
  const tree = faultyTree(programRoot, join(stage.work, 'tree'), fault);
  const outcome = await deployOf(stage, tree, bakeSeconds);
  say(row(name, outcome));
  return [
    ...(outcome.exitCode === 5 ? [] : [`${name}: exit ${outcome.exitCode}: ${outcome.summary}`]),
    ...(liveSlot(stage.layout) === before ? [] : [`${name} is live`]),
    ...((outcome.backAfterMs ?? 0) <= MOST_BACK_MS ? [] : [`${name}: back after ${outcome.backAfterMs} ms`]),
    ...(outcome.switched && outcome.observation === null ? [`${name}: no evidence`] : []),
  ];
}

/** A ledger that is wrong from its first transfer never comes through the smoke test. */
async function neverLive(): Promise<string[]> {
  const stage = await openStage(programRoot, PORT + 1);
  try {
    const failures: string[] = [];
    await withLoad(stage, async () => {
      failures.push(...(await badOne(stage, { kind: 'ledgerFromStart' })));
    });
    return failures;
  } finally {
    closeStage(stage);
  }
}

function row(name: string, outcome: DeployOutcome): string {
  const { exitCode, switched, backAfterMs, observation, summary } = outcome;
  const back =
    backAfterMs === null ? (switched ? 'not' : 'never left') : `${(backAfterMs / 1000).toFixed(1)} s`;
  const seen = observation?.reasons.join('; ') ?? summary;
  return `| ${[name, exitCode, switched ? 'yes' : 'no', back, latencies(outcome), seen].join(' | ')} |`;
}

function latencies({ observation }: DeployOutcome): string {
  const shown = (ms: number | null | undefined): string => (ms == null ? 'unknown' : `${ms.toFixed(1)} ms`);
  return `${shown(observation?.baseline?.p95Ms)}, ${shown(observation?.after.p95Ms)}`;
}

function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case 'transfersFail':
      return `${fault.share * 100} % of transfers answer 500`;
    case 'slow':
      return `each request ${fault.delayMs} ms slower: P95 doubled`;
    case 'ledgerOnceLive':
      return 'ledger off by a franc once live';
    case 'ledgerFromStart':
      return 'ledger off by a franc from the start';
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
