import type { Clock } from '../core/clock.ts';

export interface Listening {
  readonly idleMs: number;
  readonly clock: Clock;
  /** When something was heard last. */
  heardMs(): number;
}

/** Resolves to true once nothing was heard for the limit, to false when the watch is ended by the signal. */
export async function silence({ idleMs, clock, heardMs }: Listening, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const leftMs = heardMs() + idleMs - clock.monotonicMs();
    if (leftMs <= 0) return true;
    try {
      await clock.sleep(leftMs, signal);
    } catch {
      return false;
    }
  }
}
