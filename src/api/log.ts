import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { LogSettings } from '../config/settings.ts';
import { type Clock, isoTime } from '../core/clock.ts';

export type { Logger } from 'pino';

const DAYS_KEPT = 14;

/** One JSON line an event. Bodies, headers and query strings are never given to it; errors are scrubbed. */
export function createLogger(settings: LogSettings, clock: Clock): Logger {
  return loggerTo(
    settings.folder === null ? destination(2) : dailyFiles(settings.folder, clock),
    settings.level,
  );
}

export function loggerTo(stream: DestinationStream, level: LogSettings['level']): Logger {
  return pino({ level, base: { pid: process.pid }, serializers: { err: scrubbedError } }, stream);
}

/** Databases put the offending value in their messages: phone numbers and long tokens are masked. */
export function scrub(text: string): string {
  return text
    .replace(/(?<!\d)(\+?221)?7[05678]\d{7}(?!\d)/g, '[telephone]')
    .replace(/(?<![\w-])[\w-]{43}(?![\w-])/g, '[token]');
}

function scrubbedError(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Error)) return { message: scrub(String(error)) };
  const cause = error.cause === undefined ? {} : { cause: JSON.stringify(scrubbedError(error.cause)) };
  return {
    type: error.name,
    message: scrub(error.message),
    stack: scrub(String(error.stack)),
    ...cause,
  };
}

/** `api-2026-11-22.log` and so on, by UTC day. Two processes may append to one file: each line is one write. */
function dailyFiles(folder: string, clock: Clock): DestinationStream {
  mkdirSync(folder, { recursive: true });
  let day = dayOf(clock);
  const stream = destination({ dest: pathOf(folder, day), append: true, sync: true });
  removeOldest(folder);
  return {
    write(line) {
      const today = dayOf(clock);
      if (today !== day) {
        day = today;
        stream.reopen(pathOf(folder, day));
        removeOldest(folder);
      }
      stream.write(line);
    },
  };
}

function dayOf(clock: Clock): string {
  return isoTime(clock.now()).slice(0, 10);
}

function pathOf(folder: string, day: string): string {
  return join(folder, `api-${day}.log`);
}

function removeOldest(folder: string): void {
  const names = readdirSync(folder).filter((name) => /^api-\d{4}-\d{2}-\d{2}\.log$/.test(name));
  for (const name of names.toSorted().slice(0, -DAYS_KEPT)) rmSync(join(folder, name), { force: true });
}
