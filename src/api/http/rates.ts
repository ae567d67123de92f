import type { Clock } from '../../core/clock.ts';

export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

/** Requests a minute, from the contract; `read` and `number` are this API's own. */
export const RATES = {
  /** Per address. */
  auth: { limit: 60, windowMs: 60_000 },
  /** Per address: asking for a one-time code costs an SMS. */
  otp: { limit: 5, windowMs: 60_000 },
  /** Per phone number, at registration: what 409 tells about a number is told slowly. */
  number: { limit: 5, windowMs: 60_000 },
  /** Per user. */
  money: { limit: 60, windowMs: 60_000 },
  /** Per user. */
  read: { limit: 300, windowMs: 60_000 },
} as const satisfies Readonly<Record<string, Rate>>;

export type RateName = keyof typeof RATES;

/** Memory is bounded: past this many counted keys, the oldest are forgotten. About 10 MB. */
const MAX_KEYS = 100_000;

export interface RateState {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

export interface RateLimiter {
  /** Counts one request of `key`, whether or not it is allowed. */
  hit(name: RateName, key: string): Promise<RateState>;
}

interface Window {
  readonly endsAtMs: number;
  count: number;
}

/** Fixed windows in this process's memory: two processes count apart, a restart forgets. */
export function createRateLimiter(clock: Clock, maxKeys: number = MAX_KEYS): RateLimiter {
  const windows = new Map<string, Window>();

  function currentWindow(key: string, windowMs: number): Window {
    const now = clock.monotonicMs();
    const known = windows.get(key);
    if (known !== undefined && known.endsAtMs > now) return known;
    const opened = { endsAtMs: now + windowMs, count: 0 };
    windows.delete(key);
    windows.set(key, opened);
    forgetOldest(windows, maxKeys);
    return opened;
  }

  return {
    async hit(name, key) {
      const rate = RATES[name];
      const window = currentWindow(`${name} ${key}`, rate.windowMs);
      window.count += 1;
      return {
        allowed: window.count <= rate.limit,
        limit: rate.limit,
        remaining: Math.max(0, rate.limit - window.count),
        resetMs: window.endsAtMs - clock.monotonicMs(),
      };
    },
  };
}

/** A Map iterates in the order of insertion, so its first keys are the oldest. */
export function forgetOldest(kept: Map<string, unknown>, most: number): void {
  for (const key of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(key);
  }
}
