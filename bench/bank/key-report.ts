import { CRASHES, type KeyResult } from './one-key.ts';

export interface KeyCampaign {
  readonly name: string;
  readonly results: readonly KeyResult[];
}

/** A row a database and crash, the steps by name, and what failed. */
export function keyLines(campaigns: readonly KeyCampaign[]): readonly string[] {
  return [
    '# One key, a hundred times at once, with a crash at each step',
    '',
    '| database | crash | moments | passed |',
    '|---|---|---:|---:|',
    ...campaigns.flatMap(rowsOf),
    '',
    ...campaigns.flatMap(stepLines),
    ...campaigns.flatMap(failureLines),
  ];
}

function rowsOf({ name, results }: KeyCampaign): readonly string[] {
  const quiet = results.filter(({ reached }) => !reached);
  const rows = [
    ['none', quiet] as const,
    ...CRASHES.map(
      (crash) => [crash, results.filter((each) => each.reached && each.crash === crash)] as const,
    ),
  ];
  return rows
    .filter(([, these]) => these.length > 0)
    .map(
      ([crash, these]) =>
        `| ${name} | ${crash} | ${these.length} | ${these.filter(({ problems }) => problems.length === 0).length} |`,
    );
}

function stepLines({ name, results }: KeyCampaign): readonly string[] {
  const steps = new Set(results.filter(({ reached }) => reached).map(({ step }) => step));
  return [`${name}, the steps: ${[...steps].join(', ')}.`, ''];
}

function failureLines({ name, results }: KeyCampaign): readonly string[] {
  return results
    .filter(({ problems }) => problems.length > 0)
    .map(
      ({ crash, when, step, problems }) =>
        `FAILED: ${name}, ${crash} ${when} "${step}": ${problems.join('; ')}`,
    );
}
