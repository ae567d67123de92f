import { shownDuration } from '../core/units.ts';
import { tally } from './page/checks.ts';
import { formatOf } from './page/format.ts';
import type { Voice } from './page/section.ts';
import { requestsText, verdictText } from './page/verdict.ts';
import { type Language, wordsOf } from './page/words.ts';
import type { Observation, RunReport } from './types.ts';

/** A few lines for a terminal: the verdict first, then what one asks next. */
export function summaryLines(report: RunReport, language: Language): string[] {
  const voice: Voice = { words: wordsOf(language), format: formatOf(language) };
  const { words } = voice;
  const rows: readonly (readonly [string, string | null])[] = [
    [words.run, report.run],
    [words.by, report.by],
    [words.startedAt, voice.format.time(report.startedAt)],
    [words.duration, report.durationMs === null ? null : shownDuration(report.durationMs)],
    [words.stoppedAt, report.stoppedAt === null ? null : `${report.stoppedAt.plan}/${report.stoppedAt.step}`],
    [
      words.failedStep,
      report.failure?.step ? `${report.failure.step.plan}/${report.failure.step.step}` : null,
    ],
    [words.error, report.failure?.error.message ?? null],
    [words.next, report.failure?.error.hint ?? null],
    [words.checksTitle, report.checks.length === 0 ? null : tally(report.checks, voice)],
    [words.requestsSinceSwitch, requestsText(report.figures, voice)],
    ['P95', latencyText(report.observations.at(-1), voice)],
    [words.backup, report.backup?.id ?? null],
  ];
  const known = rows.flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  const width = Math.max(...known.map(({ name }) => name.length));
  const broken =
    report.proof.brokenSeqs.length === 0 ? [] : [words.proofBroken(report.proof.brokenSeqs.join(', '))];
  return [
    verdictText(report, voice),
    ...broken,
    ...known.map(({ name, value }) => `  ${name.padEnd(width)}  ${value}`),
  ];
}

function latencyText(observation: Observation | undefined, { words, format }: Voice): string | null {
  const [before, after] = [observation?.before?.p95Ms, observation?.after?.p95Ms];
  if (after === null || after === undefined) return null;
  const old = before === null || before === undefined ? words.notTold : `${format.number(before)} ms`;
  return `${words.before} ${old}, ${words.after} ${format.number(after)} ms`;
}
