import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, isoTime } from '../../core/clock.ts';

export interface DailyLimits {
  /** Days of which files are kept, today included. */
  readonly days: number;
  /** Of all files together; the oldest go first. */
  readonly totalBytes: number;
}

/** A day's file is followed by `.1`, `.2` and so on when it has grown to this share of all. */
const PARTS_OF_TOTAL = 16;
/** A file's size, to which others may add, is looked at this often. */
const LOOKS_PER_PART = 16;

/**
 * Where the next line goes: `api-2026-11-22.log`, by UTC day, then `api-2026-11-22.1.log` and so on. Several processes may
 * write: names come from the day and the files' sizes alone, and nothing is renamed. A file that cannot be opened
 * leaves the one before it in use.
 */
export function dailyFile(folder: string, limits: DailyLimits, clock: Clock): () => number {
  const partBytes = limits.totalBytes / PARTS_OF_TOTAL;
  // The newest may grow by a part, and past it by what is written between two looks.
  const kept = { days: limits.days, bytes: limits.totalBytes - 2 * partBytes };
  makeFolder(folder);
  let day = dayOf(clock);
  let part = newestPart(folder, day);
  let descriptor = openPart(folder, day, part);
  let linesToLook = 0;
  removeOldest(folder, kept);

  /** From `leastPart` on, unless another process is further. */
  const turnTo = (nextDay: string, leastPart: number): void => {
    makeFolder(folder);
    const nextPart = Math.max(leastPart, newestPart(folder, nextDay));
    const opened = openPart(folder, nextDay, nextPart);
    closeSync(descriptor);
    [descriptor, day, part] = [opened, nextDay, nextPart];
    removeOldest(folder, kept);
  };

  const turnWhenDue = (): void => {
    const today = dayOf(clock);
    if (today !== day) turnTo(today, 0);
    linesToLook -= 1;
    if (linesToLook >= 0) return;
    linesToLook = Math.floor(partBytes / LOOKS_PER_PART / LARGE_LINE_BYTES);
    if (fstatSync(descriptor).size >= partBytes) turnTo(day, part + 1);
  };

  return () => {
    try {
      turnWhenDue();
    } catch {
      // Better a line in the file before than none; the next line tries again.
    }
    return descriptor;
  };
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Lines of the API have about 450 bytes; one with an error and its causes has a few thousand. */
const LARGE_LINE_BYTES = 4_096;

function openPart(folder: string, day: string, part: number): number {
  return openSync(join(folder, nameOf(day, part)), 'a', 0o600);
}

function dayOf(clock: Clock): string {
  return isoTime(clock.now()).slice(0, 10);
}

function nameOf(day: string, part: number): string {
  return part === 0 ? `api-${day}.log` : `api-${day}.${part}.log`;
}

interface LogFile {
  readonly name: string;
  readonly day: string;
  readonly part: number;
}

/** Oldest first; other files are not ours. */
function filesIn(folder: string): readonly LogFile[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const [, day, part = '0'] = /^api-(\d{4}-\d{2}-\d{2})(?:\.(\d{1,6}))?\.log$/.exec(name) ?? [];
      return day === undefined ? [] : [{ name, day, part: Number(part) }];
    })
    .toSorted((left, right) => left.day.localeCompare(right.day) || left.part - right.part);
}

function newestPart(folder: string, day: string): number {
  return filesIn(folder).findLast((file) => file.day === day)?.part ?? 0;
}

/** Never the newest file: it is being written. */
function removeOldest(folder: string, kept: { readonly days: number; readonly bytes: number }): void {
  const files = filesIn(folder).toReversed();
  const keptDays = new Set([...new Set(files.map(({ day }) => day))].slice(0, kept.days));
  let bytes = 0;
  for (const [index, { name, day }] of files.entries()) {
    const path = join(folder, name);
    bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (index > 0 && (!keptDays.has(day) || bytes > kept.bytes)) rmSync(path, { force: true });
  }
}
