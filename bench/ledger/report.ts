import type { Case, Measured } from './measure.ts';

export interface Row {
  readonly database: string;
  readonly one: Case;
  /** Of each repetition. */
  readonly runs: readonly Measured[];
}

/** The repetition with the middle rate: its other figures belong to it. */
export function medianOf({ runs }: Row): Measured {
  const sorted = runs.toSorted((a, b) => a.perSecond - b.perSecond);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  if (median === undefined) throw new Error('a row has at least one run');
  return median;
}

export function tableOf(rows: readonly Row[]): string {
  const head = [
    '| database | load | transfers/s (worst–best) | P50 | P99 | worst | CPU a transfer: API, database, load | other answers |',
    '|---|---|---|---|---|---|---|---|',
  ];
  return [...head, ...rows.map(lineOf)].join('\n');
}

function lineOf(row: Row): string {
  const { perSecond, p50Ms, p99Ms, worstMs, cpuUs } = medianOf(row);
  const rates = row.runs.map((run) => run.perSecond);
  const others = row.runs.flatMap((run) => Object.values(run.others)).reduce((sum, count) => sum + count, 0);
  const cells = [
    row.database,
    row.one.name,
    `${perSecond} (${Math.min(...rates)}–${Math.max(...rates)})`,
    `${p50Ms} ms`,
    `${p99Ms} ms`,
    `${worstMs} ms`,
    `${cpuUs.api} + ${cpuUs.database} + ${cpuUs.load} µs`,
    String(others),
  ];
  return `| ${cells.join(' | ')} |`;
}
