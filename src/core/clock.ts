import { setTimeout as delay } from 'node:timers/promises';

/** The only source of time. Tests pass a clock of their own. */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back; for durations. */
  monotonicMs(): number;
  /** Waits; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep,
};

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    // Node gives an AbortError; the reason says who interrupted, and has the exit code.
    throw signal?.aborted === true ? signal.reason : error;
  }
}

/** `2026-11-22T16:53:00.123Z`, the form used in every journal, manifest and report. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
