import type { ApiSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { deriveRing } from '../auth/keys.ts';
import type { SessionCache } from '../auth/sessions.ts';
import type { Database } from '../db/open.ts';
import { createRateLimiter, type RateLimiter } from '../http/rates.ts';
import { createDatabaseCounts } from './database-counts.ts';
import type { RedisLink } from './link.ts';
import { createSharedRates } from './rates.ts';
import { createSessionCache } from './session-cache.ts';

export interface RedisUse {
  readonly settings: Pick<ApiSettings, 'key' | 'otherKeys' | 'redis'>;
  readonly redis: RedisLink;
  readonly database: Database;
  readonly clock: Clock;
}

/** Counts of all processes where CACHE_DRIVER is redis, else of this one. @param secret what is counted is kept under. */
export function createRates({ settings, redis, database, clock }: RedisUse, secret: Buffer): RateLimiter {
  if (settings.redis?.uses.cache !== true) return createRateLimiter(clock);
  const { prefix } = settings.redis;
  return createSharedRates({ redis, counts: createDatabaseCounts(database), clock, prefix, secret });
}

/** Null where SESSION_DRIVER is not redis. */
export function createSessionCacheOf({ settings, redis, clock }: RedisUse): SessionCache | null {
  if (settings.redis?.uses.sessions !== true) return null;
  const secret = deriveRing(settings, 'cache');
  return createSessionCache({ redis, clock, prefix: settings.redis.prefix, secret });
}
