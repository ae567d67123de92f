import type { RunResult } from './run.ts';

export interface BankCampaign {
  readonly name: string;
  readonly results: readonly RunResult[];
}

/** A row a database, and the seeds of the runs that failed. */
export function campaignLines(campaigns: readonly BankCampaign[]): readonly string[] {
  return [
    '| database | runs | passed | operations | acknowledged | once unknown | snapshots | faults | median s a run | seeds that failed |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|---|',
    ...campaigns.map(rowOf),
  ];
}

function rowOf({ name, results }: BankCampaign): string {
  const failed = results.filter(({ violations }) => violations.length > 0);
  const sum = (figure: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + figure(result), 0);
  const cells = [
    name,
    results.length,
    results.length - failed.length,
    sum(({ operations }) => operations),
    sum(({ acknowledged }) => acknowledged),
    sum(({ unknown }) => unknown),
    sum(({ snapshots }) => snapshots),
    sum(({ faults }) => faults.length),
    (medianOf(results.map(({ durationMs }) => durationMs)) / 1000).toFixed(1),
    failed.map(({ seed }) => seed).join(' ') || 'none',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** How often each fault struck and each status was heard, by database. */
function detailLines({ name, results }: BankCampaign): readonly string[] {
  const faults = countOf(
    results.flatMap(({ faults: struck }) => struck.map(({ kind }) => [kind, 1] as const)),
  );
  const heard = countOf(results.flatMap((result) => [...result.heard]));
  const rules = countOf(
    results.flatMap(({ violations }) => violations.map(({ rule }) => [rule, 1] as const)),
  );
  return [
    `- **${name}**: faults: ${shown(faults)}. Answers by status (none: no answer came): ${shown(heard)}. Violations: ${shown(rules) || 'none'}.`,
  ];
}

/** What is kept under docs/evidence. */
export function evidenceOf(
  campaigns: readonly BankCampaign[],
  { runs, firstSeed }: { readonly runs: number; readonly firstSeed: number },
): string {
  const names = campaigns.map(({ name }) => name).join(', ');
  return `${[
    '# The bank test',
    '',
    `${runs} runs a database, seeds ${firstSeed} to ${firstSeed + runs - 1}, on ${names}: what it does is told in [under fire](../under-fire.md).`,
    '',
    ...campaignLines(campaigns),
    '',
    ...campaigns.flatMap(detailLines),
  ].join('\n')}\n`;
}

function countOf(pairs: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [name, count] of pairs) counts.set(name, (counts.get(name) ?? 0) + count);
  return counts;
}

function shown(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
