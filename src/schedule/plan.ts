import type { WantedFile } from './wanted.ts';

/** A file of a folder of units or of cron lines, as it is. */
export interface PresentFile {
  readonly name: string;
  readonly content: string;
}

export type FileChange =
  | { readonly change: 'write'; readonly name: string; readonly content: string }
  | { readonly change: 'remove'; readonly name: string };

export interface SchedulePlan {
  readonly changes: readonly FileChange[];
  /** Files of these names that somebody else made: they are left, and nothing is done. */
  readonly foreign: readonly string[];
}

/**
 * Pure. What makes the folder hold exactly the wanted files of this mark. Removing the schedule is to want none.
 * @param present of the folder, whoever made them.
 */
export function planSchedule(
  wanted: readonly WantedFile[],
  present: readonly PresentFile[],
  mark: string,
): SchedulePlan {
  const isOurs = ({ content }: PresentFile): boolean => content.startsWith(`${mark}\n`);
  const byName = new Map(present.map((file) => [file.name, file]));
  const names = new Set(wanted.map(({ name }) => name));
  const written = wanted.filter(({ name, content }) => byName.get(name)?.content !== content);
  const stale = present.filter((file) => isOurs(file) && !names.has(file.name));
  return {
    changes: [
      ...stale.map(({ name }) => ({ change: 'remove', name }) as const),
      ...written.map(({ name, content }) => ({ change: 'write', name, content }) as const),
    ],
    foreign: wanted.flatMap(({ name }) => {
      const there = byName.get(name);
      return there === undefined || isOurs(there) ? [] : [name];
    }),
  };
}
