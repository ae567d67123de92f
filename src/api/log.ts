import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogSettings } from '../config/settings.ts';
import { type Clock, isoTime } from '../core/clock.ts';
import { dailyFile } from './log/daily.ts';
import { ecsFields, plainLine, type ServiceIdentity, serviceFields } from './log/ecs.ts';
import { lineWriter } from './log/lines.ts';

export type { Logger } from 'pino';
export { scrub } from './log/ecs.ts';

const STDERR = 2;

export interface LogParts {
  readonly clock: Clock;
  readonly identity: ServiceIdentity;
  /** A line that could not be written; for metrics. */
  readonly onDropped: () => void;
}

/**
 * One line of JSON an event, in the fields of the Elastic Common Schema. Bodies, headers and query strings are never given
 * to it; errors are scrubbed.
 */
export function createLogger(settings: LogSettings, parts: LogParts): Logger {
  const { clock, identity, onDropped } = parts;
  const descriptor =
    settings.folder === null ? () => STDERR : dailyFile(settings.folder, settings.limits, clock);
  const describeGap = (dropped: number): string =>
    plainLine(clock, identity, `${dropped} lines could not be written and are missing here`);
  return loggerTo(lineWriter({ descriptor, onDropped, describeGap }), settings.level, parts);
}

export function loggerTo(
  stream: DestinationStream,
  level: LogSettings['level'],
  { clock, identity }: Pick<LogParts, 'clock' | 'identity'>,
): Logger {
  return pino(
    {
      level,
      base: serviceFields(identity),
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${isoTime(clock.now())}"`,
      formatters: { level: (label) => ({ 'log.level': label }), log: ecsFields },
    },
    stream,
  );
}
