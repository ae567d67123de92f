/**
 * Every failure that a person can meet has a name here; the name gives the exit code of the process.
 *
 * Exit codes are a public interface: 2 usage or configuration, 3 a check blocked, 4 the lock is held,
 * 5 failed and rolled back, 6 failed and not rolled back, 7 host unreachable, 8 drift, 130 interrupted.
 */
export const EXIT_CODE_BY_ERROR = {
  usage: 2,
  configInvalid: 2,
  notFound: 2,
  alreadyExists: 2,
  stateUnusable: 2,
  checkBlocked: 3,
  preflightFailed: 3,
  journalBroken: 3,
  backupDamaged: 3,
  releaseNotTrusted: 3,
  lockHeld: 4,
  lockLost: 4,
  rolledBack: 5,
  notRolledBack: 6,
  hostUnreachable: 7,
  hostNotTrusted: 7,
  accessDenied: 7,
  timeout: 7,
  commandFailed: 6,
  databaseUnavailable: 7,
  drift: 8,
  interrupted: 130,
  internal: 6,
} as const;

export type ErrorName = keyof typeof EXIT_CODE_BY_ERROR;

export interface ErrorOptions {
  /** The next command or edit that helps, exactly as it is to be typed. */
  readonly hint: string;
  readonly cause?: unknown;
}

/** An error of the world (not a bug of ours): what went wrong with the value seen, and what to do next. */
export class OmpayError extends Error {
  readonly code: ErrorName;
  readonly hint: string;

  /** @param message lower-case, one sentence, holds the value that was seen, never a secret. */
  constructor(code: ErrorName, message: string, options: ErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OmpayError';
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return EXIT_CODE_BY_ERROR[this.code];
  }
}

/** The message of anything that was thrown; libraries throw strings and objects too. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a system or library error (`ENOENT`, `23505`), or undefined when it has none. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
