/** An error that nobody caught, as Node met it: the process is in a state that nobody thought of, and must end. */
export class UncaughtError extends Error {
  readonly origin: NodeJS.UncaughtExceptionOrigin;

  constructor(origin: NodeJS.UncaughtExceptionOrigin, cause: unknown) {
    super(`${origin}: the process drains and ends`, { cause });
    this.name = 'UncaughtError';
    this.origin = origin;
  }
}
