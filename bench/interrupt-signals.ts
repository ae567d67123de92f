/**
 * node bench/interrupt-signals.ts [--every 1]
 * Ctrl-C (SIGINT to the process group) and SIGTERM in every step of `ompay deploy` under transfer load: it must undo, give
 * the lock back and exit 130, with the old release live. Prints each step, its exit code and how long the undo took.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { boundariesOf } from './interrupt/campaign.ts';
import { printLoad } from './interrupt/report.ts';
import { type Signalled, signalEach, signalTwice, verdictOf } from './interrupt/signals.ts';
import { deployTwice, emptyStage, endStage, withTransfers } from './interrupt/stage.ts';

const { values } = parseArgs({ options: { every: { type: 'string', default: '1' } } });
const stage = await emptyStage(resolve(import.meta.dirname, '..'), 'installation');
const done: Signalled[] = [];
try {
  await deployTwice(stage);
  const load = await withTransfers(stage, async () => {
    const labels = await boundariesOf(stage, 'deploy', 'undisturbed');
    done.push(...(await signalEach(stage, labels, { every: Number(values.every), say })));
    const twice = await signalTwice(stage, labels);
    say(`${twice.shown}: ${verdictOf(twice)}`);
    done.push(twice);
  });
  const passed = done.filter(({ problems }) => problems.length === 0);
  const isLoadGood = printLoad({ stage: stage.name, attempts: [], load }, say);
  const worstMs = Math.max(...done.map(({ tookMs }) => tookMs));
  say(
    `${done.length} signals, ${passed.length} passed; slowest end ${Math.round(worstMs)} ms after its signal`,
  );
  process.exitCode = passed.length === done.length && isLoadGood ? 0 : 1;
} finally {
  await endStage(stage);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
