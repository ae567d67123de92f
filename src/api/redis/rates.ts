import { createHmac } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { forgetOldest, RATES, type RateLimiter } from '../http/rates.ts';
import type { DatabaseCounts } from './database-counts.ts';
import { gather } from './gather.ts';
import type { RedisLink } from './link.ts';

/** Every rate of the table has it, so that all windows begin together. */
const WINDOW_MS = 60_000;
const MAX_BATCH = 256;
/** Of those, so many may be on their way to Redis at once. */
const MAX_BATCHES = 16;
/** Refusals that are remembered; past them a flood only costs more. About 10 MB. */
const MAX_REFUSED = 100_000;

/** A window that is over may still be counted by a process whose clock is behind. */
const KEPT_MS = 2 * WINDOW_MS;

/**
 * Counts one more of each key, in their order. Before the counts it gives the window in which the data began: when
 * Redis was emptied, that is the present one, whose earlier counts are lost.
 */
const COUNT = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local answer = { tonumber(redis.call('GET', KEYS[1])) }
for i = 2, #KEYS do
  answer[i] = redis.call('INCR', KEYS[i])
  if answer[i] == 1 then redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
end
return answer`;

export interface SharedRateParts {
  readonly redis: RedisLink;
  readonly counts: DatabaseCounts;
  readonly clock: Clock;
  /** Of the keys in Redis. */
  readonly prefix: string;
  /** Addresses and phone numbers are counted under their HMAC. */
  readonly secret: Buffer;
  /** Refusals that are remembered. */
  readonly mostRefused?: number;
}

/**
 * One count for all processes, exact whatever becomes of Redis: of each window's limit, Redis grants the first half
 * and the database the second. Whoever cannot be sure of the counts in Redis (it is away or slow, was emptied or
 * connected to since the window began) grants from the database's half alone. Both halves together are the limit, so
 * nothing that happens to Redis lets one request too many through; docs/redis.md says why so.
 */
export function createSharedRates(parts: SharedRateParts): RateLimiter {
  const { redis, counts, clock, prefix, secret, mostRefused = MAX_REFUSED } = parts;
  const refusedUntilMs = new Map<string, number>();
  const countInRedis = gather((keys: readonly WindowKey[]) => countKeys({ redis, prefix }, keys), {
    maxBatch: MAX_BATCH,
    atOnce: MAX_BATCHES,
  });
  /** Infinity where it cannot be relied on. */
  async function countOfRedis(window: WindowKey): Promise<number> {
    const count = await countInRedis(window);
    // Asked afterwards: the connection may be a new one by then, to another server.
    return (redis.connectedSinceMs() ?? Infinity) < window.startMs ? count : Infinity;
  }

  return {
    async hit(name, subject) {
      const { limit } = RATES[name];
      const now = clock.now();
      const startMs = now - (now % WINDOW_MS);
      const window = { limit, resetMs: startMs + WINDOW_MS - now };
      const key = `${name}:${createHmac('sha256', secret).update(subject).digest('base64url')}`;
      if ((refusedUntilMs.get(key) ?? 0) > now) return { ...window, allowed: false, remaining: 0 };
      const halfOfRedis = Math.floor(limit / 2);
      const count = await countOfRedis({ key, startMs });
      if (count <= halfOfRedis) return { ...window, allowed: true, remaining: limit - count };
      const left = limit - halfOfRedis - (await counts.count({ key: `rate:${key}`, startMs }));
      if (left < 0) {
        refusedUntilMs.set(key, startMs + WINDOW_MS);
        forgetOldest(refusedUntilMs, mostRefused);
      }
      return { ...window, allowed: left >= 0, remaining: Math.max(0, left) };
    },
  };
}

interface WindowKey {
  readonly key: string;
  readonly startMs: number;
}

/** The count of each key's window; Infinity where Redis does not tell, or lost some of it. */
async function countKeys(
  { redis, prefix }: Pick<SharedRateParts, 'redis' | 'prefix'>,
  keys: readonly WindowKey[],
): Promise<readonly number[]> {
  const names = keys.map(({ key, startMs }) => `${prefix}:rate:${startMs}:${key}`);
  const newestMs = Math.max(...keys.map(({ startMs }) => startMs));
  const answer: unknown = await redis.ask((client) =>
    client.eval(COUNT, names.length + 1, `${prefix}:began`, ...names, newestMs, KEPT_MS),
  );
  const [beganMs, ...counts]: readonly unknown[] = Array.isArray(answer) ? answer : [];
  // Of what was not answered the number is NaN, which is before nothing.
  return keys.map(({ startMs }, index) => (Number(beganMs) < startMs ? Number(counts[index]) : Infinity));
}
