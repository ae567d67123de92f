/** A mutant that no test can or should kill, and why. It is named by its text, so it outlives moved lines. */
export interface KnownSurvivor {
  readonly file: string;
  /** The line that is changed, trimmed; or a part of it. */
  readonly code: string;
  /** As `shownChange` shows it. */
  readonly change: string;
  readonly why: string;
}

export const SURVIVORS: readonly KnownSurvivor[] = [];
