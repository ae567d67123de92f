import { formatOf } from './page/format.ts';
import { verdictText } from './page/verdict.ts';
import { wordsOf } from './page/words.ts';
import { summaryLines } from './summary.ts';
import type { KnownRelease, RunReport } from './types.ts';

/** What the team is told of a run: in French, then the same in English. */
export interface ReportMessage {
  readonly run: string;
  readonly subject: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, string | number | null>>;
}

/** Also for a run that is not over: once its release was switched to and watched, that is what is told. */
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

function asTold(report: RunReport): RunReport {
  const isLive = report.phases.some(
    ({ plan, state }) => ['switch', 'rollback', 'resume'].includes(plan) && state === 'done',
  );
  return report.outcome === 'running' && isLive
    ? { ...report, outcome: 'done', serving: report.releases.to }
    : report;
}

function idOf(release: KnownRelease | null): string | null {
  return release?.state === 'release' ? release.id : null;
}
