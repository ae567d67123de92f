/**
 * node bench/interrupt.ts [--boundaries] [--every 1] [--skip 0] [--undo] [--migrations] [--random 200] [--first 0] [--seed N] [--installations 1|2] [--minutes N]
 * SIGKILL of `ompay deploy` and `ompay rollback` under transfer load, at every append of their journal (before it, torn in
 * its middle, after it), at every append of an undo or of a migration, and at random instants; then one more command must converge.
 * `--minutes` begins no point after that time, and prints what was tried; `--every 5` takes every fifth boundary, `--skip 79` leaves out as many of a deploy's, to go on with; `--first 20` kills a first deploy, on an empty folder, at 20 random appends.
 * Prints the points tried and passed, failed requests, and acknowledged transfers that the ledger lacks. Loopback,
 * temporary folders, bounded.
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
import { interruptFirst } from './interrupt/first.ts';
import { boundaryPoints, migrationPoints, undoPoints } from './interrupt/points.ts';
import { type CampaignResult, printCampaign } from './interrupt/report.ts';
import { deployTwice, emptyStage, endStage, type Stage, withTransfers } from './interrupt/stage.ts';
import { seededRandom } from './interrupt/stops.ts';

/** A run may be over before its instant, as times vary; it is then drawn again, at most so often in all. */
const MAX_REDRAWS = 100;
/** Of the random instants; a rollback is soon over. */
const DEPLOY_SHARE = 0.75;

const { values } = parseArgs({
  options: {
    boundaries: { type: 'boolean', default: false },
    every: { type: 'string', default: '1' },
    skip: { type: 'string', default: '0' },
    undo: { type: 'boolean', default: false },
    migrations: { type: 'boolean', default: false },
    random: { type: 'string', default: '0' },
    first: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    installations: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
  },
});
const programRoot = resolve(import.meta.dirname, '..');
const seed = Number(values.seed);
const stages = Number(values.installations);
const endsMs = performance.now() + Number(values.minutes) * 60_000;

say(
  `seed ${seed}; boundaries ${values.boundaries} (every ${values.every}, without the first ${values.skip}), undo ${values.undo}, migrations ${values.migrations}, random ${values.random}, first ${values.first}, installations ${stages}`,
);
const first = await interruptFirst(programRoot, { times: Number(values.first), seed, say });
const needsLoad = values.boundaries || values.undo || values.migrations || Number(values.random) > 0;
const results = needsLoad
  ? await Promise.all(Array.from({ length: stages }, (_, index) => campaign(index)))
  : [];
process.exitCode = printCampaign(results, first, say) ? 0 : 1;

/** One installation's share of the points. */
async function campaign(index: number): Promise<CampaignResult> {
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
  const exact = [
    ...(values.boundaries ? boundaryPoints(labels) : []),
    ...(values.migrations && command === 'deploy' ? migrationPoints(labels) : []),
    ...(values.undo && command === 'deploy' ? await undoPoints(stage, labels) : []),
  ];
  const chosen = exact.filter((_, at) => at % Number(values.every) === 0);
  const skipped = command === 'deploy' ? Number(values.skip) : 0;
  for (const point of chosen.slice(skipped).filter((_, at) => at % stages === index))
    if (!isLate()) await one(stage, command, point, attempts);
  const random = seededRandom(seed + index + (command === 'deploy' ? 0 : 1000));
  const rate = command === 'deploy' ? DEPLOY_SHARE : 1 - DEPLOY_SHARE;
  const share = Math.ceil((Number(values.random) * rate) / stages);
  for (let hits = 0, draws = 0; hits < share && draws < share + MAX_REDRAWS && !isLate(); draws += 1) {
    const killAfterMs = Math.round(random() * durationMs);
    const done = await one(stage, command, { shown: `at ${killAfterMs} ms`, killAfterMs }, attempts);
    if (done.wasHit) hits += 1;
  }
}

async function one(stage: Stage, command: Interrupted, point: Point, attempts: Attempt[]): Promise<Attempt> {
  const count = attempts.length;
  const recovery = RECOVERIES[count % RECOVERIES.length] ?? 'deploy';
  const done = await attempt(stage, { command, recovery, point, setting: `turn-${count}` });
  attempts.push(done);
  const reached = done.wasHit ? 'ok' : 'not reached';
  const verdict = done.problems.length > 0 ? `FAILED: ${done.problems.join('; ')}` : reached;
  say(
    `${stage.name}: ${command} killed ${point.shown}, then ${recovery} in ${Math.round(done.recoveryMs)} ms: ${verdict}`,
  );
  return done;
}

function isLate(): boolean {
  return performance.now() > endsMs;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
