import type { ApiSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import type { ReportOutcome } from '../metrics/process.ts';
import { type ErrorReporter, NO_REPORTER } from './reporter.ts';

export interface ReporterParts {
  readonly clock: Clock;
  readonly onOutcome: (outcome: ReportOutcome) => void;
}

/** Sentry's code is loaded only where SENTRY_DSN is set: no other start waits for it. */
export async function openReporter(
  { sentryDsn, release, environment }: Pick<ApiSettings, 'sentryDsn' | 'release' | 'environment'>,
  parts: ReporterParts,
): Promise<ErrorReporter> {
  if (sentryDsn === null) return NO_REPORTER;
  const { sentryReporter } = await import('./sentry.ts');
  return sentryReporter({ ...parts, dsn: sentryDsn, release, environment });
}
