/**
 * node bench/observation.ts [--runs 10000] [--seed 1]
 * How often the judgement after a switch is wrong: simulated deploys of known releases, judged by the functions that
 * judge real ones. Prints the table of docs/observation.md; exits 1 when a bar is missed.
 */
import { parseArgs } from 'node:util';
import { CASES, type Case } from './observation/cases.ts';
import { type CaseResult, simulate } from './observation/simulate.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const options = { runs: Number(values.runs), seed: Number(values.seed) };

say(`${options.runs} runs a case, seed ${options.seed}, a window of 10 s`);
say('');
say('| case | requests/s | right | went back | wrong | median time to notice | bar |');
say('|---|---|---|---|---|---|---|');
const missed = CASES.filter((experiment) => {
  const result = simulate(experiment, options);
  const wrong = wrongShare(experiment, result);
  say(row(experiment, result, wrong));
  return experiment.bar !== undefined && 1 - wrong < experiment.bar;
});
say('');
say(
  missed.length === 0
    ? 'every bar is met'
    : `bars missed: ${missed.map(({ name, rate }) => `${name} at ${rate}/s`).join('; ')}`,
);
process.exitCode = missed.length === 0 ? 0 : 1;

function wrongShare({ right }: Case, { back, runs }: CaseResult): number {
  return (right === 'back' ? runs - back : back) / runs;
}

function row({ name, rate, right, bar }: Case, result: CaseResult, wrong: number): string {
  const { back, runs, medianSeconds } = result;
  const noticed = right === 'back' && medianSeconds !== null ? `${medianSeconds} s` : '';
  const cells = [
    name,
    rate,
    right,
    percent(back / runs),
    percent(wrong),
    noticed,
    bar === undefined ? '' : `≤ ${percent(1 - bar)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
