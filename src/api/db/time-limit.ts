import type { Clock } from '../../core/clock.ts';

export interface TimeLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Named in the error, for example "a statement". */
  readonly what: string;
}

export class TimeLimitError extends Error {
  constructor(limit: TimeLimit) {
    super(`${limit.what} took longer than ${limit.limitMs} ms`);
    this.name = 'TimeLimitError';
  }
}

/** The work's result, or TimeLimitError. The work itself goes on: the caller ends it. */
export async function withinTime<T>(work: Promise<T>, limit: TimeLimit): Promise<T> {
  const stop = new AbortController();
  const alarm = limit.clock.sleep(limit.limitMs, stop.signal).then(() => {
    throw new TimeLimitError(limit);
  });
  try {
    return await Promise.race([work, alarm]);
  } finally {
    stop.abort();
  }
}
