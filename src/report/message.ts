import { hasTouchedClients, servingOf } from './outcome.ts';
import { formatOf } from './page/format.ts';
import { verdictText } from './page/verdict.ts';
import { wordsOf } from './page/words.ts';
import { summaryLines } from './summary.ts';
import type { KnownRelease, Outcome, RunReport } from './types.ts';

/** What the team is told of a run: in French, then the same in English. */
export interface ReportMessage {
  readonly run: string;
  readonly subject: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, string | number | null>>;
}

/** Also for a run that is not over. */
export function messageOf(report: RunReport, environment: string): ReportMessage {
  const told = asTold(report);
  const french = verdictText(told, { words: wordsOf('fr'), format: formatOf('fr') });
  const english = verdictText(told, { words: wordsOf('en'), format: formatOf('en') });
  const { releases, serving, figures } = told;
  return {
    run: told.run,
    subject: `OMPAY [${environment}] ${french} / ${english}`,
    text: [
      ...summaryLines(told, 'fr'),
      '',
      '---',
      '',
      ...summaryLines(told, 'en'),
      '',
      `ompay report ${told.run}`,
    ].join('\n'),
    facts: {
      environment,
      command: told.command,
      outcome: told.outcome,
      by: told.by,
      startedAt: told.startedAt,
      from: idOf(releases.from),
      to: idOf(releases.to),
      serving: idOf(serving),
      requests: figures.requests,
      failedRequests: figures.failedRequests,
      error: told.failure?.error.message ?? null,
    },
  };
}

/** A run that is not over is told as it stands: its release is live and was watched, or was taken back. */
function asTold(report: RunReport): RunReport {
  const phase = report.phases.findLast(hasTouchedClients);
  if (report.outcome !== 'running' || phase === undefined) return report;
  const isTakenBack = phase.undos.every(({ state }) => state === 'done');
  if (phase.state === 'failed') return settled(report, isTakenBack ? 'rolledBack' : 'notRolledBack');
  const isWatched = phase.steps.some(({ step, state }) => step === 'observe' && state === 'done');
  return phase.state === 'done' || isWatched ? settled(report, 'done') : report;
}

function settled(report: RunReport, outcome: Outcome): RunReport {
  // It tells of itself: the step that it has begun is no place where it stopped.
  return { ...report, outcome, stoppedAt: null, serving: servingOf({ ...report, outcome }) };
}

function idOf(release: KnownRelease | null): string | null {
  return release?.state === 'release' ? release.id : null;
}
