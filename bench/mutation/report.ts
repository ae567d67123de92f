import { type Mutant, shownChange } from './mutant.ts';
import type { KnownSurvivor } from './survivors.ts';

export interface ModuleResult {
  readonly name: string;
  readonly mutants: readonly Mutant[];
  readonly durationMs: number;
}

export interface Score {
  readonly mutants: number;
  readonly killed: number;
  readonly percent: number;
}

export function scoreOf(mutants: readonly Mutant[]): Score {
  const killed = mutants.filter(({ isKilled }) => isKilled).length;
  return {
    mutants: mutants.length,
    killed,
    percent: mutants.length === 0 ? 0 : (100 * killed) / mutants.length,
  };
}

export function explanationOf(mutant: Mutant, known: readonly KnownSurvivor[]): string | undefined {
  return known.find(
    ({ file, code, changes }) =>
      file === mutant.file && mutant.code.includes(code) && changes.includes(shownChange(mutant)),
  )?.why;
}

/** A line a file and one a module, as Markdown. */
export function table(results: readonly ModuleResult[]): string {
  const rows = results.flatMap(({ name, mutants, durationMs }) => [
    row(`**${name}**`, mutants, `${Math.round(durationMs / 1000)} s`),
    ...[...Map.groupBy(mutants, ({ file }) => file)].map(([file, ofFile]) => row(`\`${file}\``, ofFile, '')),
  ]);
  const all = results.flatMap(({ mutants }) => mutants);
  const total = row(
    '**all**',
    all,
    `${Math.round(results.reduce((ms, each) => ms + each.durationMs, 0) / 1000)} s`,
  );
  return [
    '| module or file | mutants | killed | survived | score | took |',
    '|---|---:|---:|---:|---:|---:|',
    ...rows,
    total,
  ].join('\n');
}

function row(title: string, mutants: readonly Mutant[], took: string): string {
  const score = scoreOf(mutants);
  const survived = score.mutants - score.killed;
  return `| ${title} | ${score.mutants} | ${score.killed} | ${survived} | ${score.percent.toFixed(1)} % | ${took} |`;
}

/** Every survivor with its reason, as Markdown; `unexplained` where there is none. */
export function survivorList(results: readonly ModuleResult[], known: readonly KnownSurvivor[]): string {
  const survivors = results.flatMap(({ mutants }) => mutants.filter(({ isKilled }) => !isKilled));
  return survivors
    .map((mutant) => {
      const why = explanationOf(mutant, known) ?? `**unexplained** (${mutant.mutator}, ${mutant.status})`;
      return `- \`${mutant.file}\`, in \`${mutant.code}\`: \`${shownChange(mutant)}\`. ${why}`;
    })
    .join('\n');
}
