export interface Violation {
  readonly path: string;
  /** Counts from 1; 0 for the file as a whole. */
  readonly line: number;
  readonly what: string;
}

/** `src/plan/run.ts:12 imports …`: what a failed test prints. */
export function shown({ path, line, what }: Violation): string {
  return `${path}${line === 0 ? '' : `:${line}`} ${what}`;
}
