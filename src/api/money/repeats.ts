import type { Clock } from '../../core/clock.ts';

/** How long a request without an Idempotency-Key is taken for a slip when it comes again. */
export const REPEAT_WINDOW_MS = 10_000;
const MAX_REMEMBERED = 10_000;

/** The money requests without a key that were answered a moment ago. This process's own: a hint, no guard. */
export interface Repeats {
  /** Whether the same was noted within the window; notes it again in any case. */
  note(owner: string, fingerprint: string): boolean;
}

/** @param maxRemembered past it the oldest are forgotten. */
export function createRepeats(clock: Clock, maxRemembered = MAX_REMEMBERED): Repeats {
  const seenMs = new Map<string, number>();
  return {
    note(owner, fingerprint) {
      const key = `${owner} ${fingerprint}`;
      const nowMs = clock.monotonicMs();
      const beforeMs = seenMs.get(key);
      seenMs.delete(key);
      seenMs.set(key, nowMs);
      const [oldest] = seenMs.keys();
      if (seenMs.size > maxRemembered && oldest !== undefined) seenMs.delete(oldest);
      return beforeMs !== undefined && nowMs - beforeMs < REPEAT_WINDOW_MS;
    },
  };
}
