/**
 * node bench/interrupt-races.ts [--rollbacks 200] [--deploys 20] [--fencing 20]
 * Two commands at once, under transfer load: `--rollbacks` pairs of `ompay rollback` with a warm slot (each switches within
 * a second), `--deploys` pairs of whole deploys of different sources. They are stopped right before they ask for the lock
 * and let go together. `--fencing`: a deploy that is stopped, loses its lock, and goes on after another has ended.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { boundariesOf } from './interrupt/campaign.ts';
import { fence, type Racer, type Round, race, TAKERS } from './interrupt/races.ts';
import { printLoad } from './interrupt/report.ts';
import { choose, deployTwice, emptyStage, endStage, withTransfers } from './interrupt/stage.ts';
import { changedTree } from './switch/tree.ts';

/** What a stopped deploy has done by then: begun to fill a slot, filled it, switched. */
const STOPPED_IN = ['prepare.start', 'prepare.smoke', 'switch.observe'] as const;
/** Rounds in which the second came after the first was done are not races; they are repeated, at most so often. */
const MAX_REPEATS = 50;

const { values } = parseArgs({
  options: {
    rollbacks: { type: 'string', default: '0' },
    deploys: { type: 'string', default: '0' },
    fencing: { type: 'string', default: '0' },
  },
});
const programRoot = resolve(import.meta.dirname, '..');
const stage = await emptyStage(programRoot, 'installation');
const rounds: Round[] = [];
const other = {
  root: stage.root,
  tree: changedTree(programRoot, join(stage.root, 'other-tree'), 'the other'),
};
try {
  await deployTwice(stage);
  const load = await withTransfers(stage, async () => {
    await races('rollbacks', Number(values.rollbacks), () => {
      const racer: Racer = { ...stage, words: ['rollback'] };
      return [racer, racer];
    });
    await races('deploys', Number(values.deploys), (turn) => {
      choose(stage, `race-${turn}`);
      const words = ['deploy', ...stage.briefly];
      return [
        { ...stage, words },
        { ...other, words },
      ];
    });
    await fencing(Number(values.fencing));
  });
  const isLoadGood = printLoad({ stage: stage.name, attempts: [], load }, say);
  const races_ = rounds.filter(({ wasRace }) => wasRace);
  const bad = rounds.filter(({ problems }) => problems.length > 0);
  for (const { shown, problems } of bad) say(`FAILED: ${shown}: ${problems.join('; ')}`);
  say(
    `${races_.length} rounds, ${races_.length - bad.length} with exactly one winner; ${rounds.length - races_.length} were no race`,
  );
  process.exitCode = bad.length === 0 && isLoadGood ? 0 : 1;
} finally {
  await endStage(stage);
}

async function races(
  kind: string,
  times: number,
  racersOf: (turn: number) => readonly [Racer, Racer],
): Promise<void> {
  for (let run = 0, turn = 0; run < times && turn < times + MAX_REPEATS; turn += 1) {
    const round = await race(stage, racersOf(turn), turn);
    tell(kind, round);
    if (round.wasRace) run += 1;
  }
}

async function fencing(times: number): Promise<void> {
  if (times === 0) return;
  const labels = await boundariesOf(stage, 'deploy', 'undisturbed');
  for (let turn = 0; turn < times; turn += 1) {
    const step = STOPPED_IN[turn % STOPPED_IN.length] ?? 'prepare.smoke';
    const taker = TAKERS[turn % TAKERS.length] ?? 'expired';
    tell('fencing', await fence(stage, { other, labels, step, taker, setting: `fence-${turn}` }));
  }
}

function tell(kind: string, round: Round): void {
  rounds.push(round);
  const { shown, wasRace, problems } = round;
  const good = wasRace ? 'ok' : 'no race';
  say(`${kind}: ${shown}: ${problems.length === 0 ? good : `FAILED: ${problems.join('; ')}`}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
