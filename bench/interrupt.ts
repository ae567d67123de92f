/**
 * node bench/interrupt.ts [--boundaries] [--random 200] [--seed N] [--installations 1|2] [--every 1]
 * SIGKILL of `ompay deploy` and `ompay rollback` under transfer load, at every append of their journal (before it, torn in
 * its middle, after it) and at random instants; then one more command must converge. Prints the points tried and passed,
 * failed requests, and acknowledged transfers that the ledger lacks. Loopback, temporary folders, bounded.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Attempt,
  attempt,
  boundariesOf,
  type Interrupted,
  type Point,
  RECOVERIES,
} from './interrupt/campaign.ts';
import { printCampaign } from './interrupt/report.ts';
import { deployTwice, emptyStage, endStage, type Stage, withTransfers } from './interrupt/stage.ts';
import { seededRandom } from './interrupt/stops.ts';

const WHENS = ['before', 'torn', 'after'] as const;
/** A run may be over before its instant, as times vary; it is then drawn again, at most so often in all. */
const MAX_REDRAWS = 100;

const { values } = parseArgs({
  options: {
    boundaries: { type: 'boolean', default: false },
    random: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    installations: { type: 'string', default: '1' },
    every: { type: 'string', default: '1' },
    rollback: { type: 'boolean', default: false },
  },
});
const programRoot = resolve(import.meta.dirname, '..');
const seed = Number(values.seed);
const stages = Number(values.installations);

say(`seed ${seed}; boundaries ${values.boundaries}, random ${values.random}, installations ${stages}`);
const results = await Promise.all(Array.from({ length: stages }, (_, index) => campaign(index)));
process.exitCode = printCampaign(results, say) ? 0 : 1;

/** One installation's share of the points. */
async function campaign(index: number) {
  const stage = await emptyStage(programRoot, `installation ${index + 1}`);
  const attempts: Attempt[] = [];
  try {
    await deployTwice(stage);
    const load = await withTransfers(stage, async () => {
      for (const command of ['deploy', 'rollback'] as const)
        await interruptAll(stage, command, { index, attempts });
    });
    return { stage: stage.name, attempts, load };
  } finally {
    await endStage(stage);
  }
}

async function interruptAll(
  stage: Stage,
  command: Interrupted,
  { index, attempts }: { readonly index: number; readonly attempts: Attempt[] },
): Promise<void> {
  const startedMs = performance.now();
  const labels = await boundariesOf(stage, command, `undisturbed-${command}`);
  const durationMs = performance.now() - startedMs;
  say(
    `${stage.name}: an undisturbed ${command} took ${Math.round(durationMs)} ms and ${labels.length} appends`,
  );
  const exact = values.boundaries ? boundaryPoints(labels) : [];
  const mine = exact
    .filter((_, at) => at % Number(values.every) === 0)
    .filter((_, at) => at % stages === index);
  for (const point of mine) await one(stage, command, point, attempts);
  const random = seededRandom(seed + index + (command === 'deploy' ? 0 : 1000));
  const share = Math.ceil((Number(values.random) * (command === 'deploy' ? 0.75 : 0.25)) / stages);
  for (let hits = 0, draws = 0; hits < share && draws < share + MAX_REDRAWS; draws += 1) {
    const killAfterMs = Math.round(random() * durationMs);
    const done = await one(stage, command, { shown: `at ${killAfterMs} ms`, killAfterMs }, attempts);
    if (done.wasHit) hits += 1;
  }
}

function boundaryPoints(labels: readonly string[]): Point[] {
  return labels.flatMap((label, at) =>
    WHENS.map((when) => ({
      shown: `${when} ${at + 1} ${label}`,
      stops: [{ append: at + 1, when, signal: 'SIGKILL' as const }],
    })),
  );
}

async function one(stage: Stage, command: Interrupted, point: Point, attempts: Attempt[]): Promise<Attempt> {
  const count = attempts.length;
  const recovery = RECOVERIES[count % RECOVERIES.length] ?? 'deploy';
  const done = await attempt(stage, { command, recovery, point, setting: `turn-${count}` });
  attempts.push(done);
  const verdict =
    done.problems.length > 0 ? `FAILED: ${done.problems.join('; ')}` : done.wasHit ? 'ok' : 'not reached';
  say(
    `${stage.name}: ${command} killed ${point.shown}, then ${recovery} in ${Math.round(done.recoveryMs)} ms: ${verdict}`,
  );
  return done;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
