import type { Environment, Key } from './key.ts';
import { ENVIRONMENT_KEYS as KEYS } from './schema.ts';
import type { RedisPlace, RedisSettings, RedisTls } from './settings.ts';

type ValueOf = <T>(key: Key<T>) => T | undefined;

/** What must be set beside the drivers that ask for Redis. */
export function missingForRedis(
  value: ValueOf,
  environment: Environment,
): readonly { readonly key: Key<unknown>; readonly because: string }[] {
  const sentinels = value(KEYS.redisSentinels) !== undefined;
  const used = Object.values(usesOf(value)).includes(true);
  return [
    ...(used && !sentinels ? [{ key: KEYS.redisHost, because: 'a driver is redis' }] : []),
    ...(used && environment === 'production'
      ? [{ key: KEYS.redisPassword, because: 'a driver is redis, in production' }]
      : []),
    ...(sentinels ? [{ key: KEYS.redisSentinelMaster, because: 'REDIS_SENTINELS is set' }] : []),
  ];
}

/** Null when no driver asks for Redis: Laravel's `.env` files name a host that nothing uses. */
export function redisSettings(value: ValueOf): RedisSettings | null {
  const uses = usesOf(value);
  if (!Object.values(uses).includes(true)) return null;
  const username = value(KEYS.redisUsername);
  const password = value(KEYS.redisPassword);
  return {
    place: placeOf(value),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    tls: tlsOf(value),
    prefix: value(KEYS.redisPrefix) ?? '',
    uses,
  };
}

function usesOf(value: ValueOf): RedisSettings['uses'] {
  return {
    cache: value(KEYS.cacheDriver) === 'redis',
    sessions: value(KEYS.sessionDriver) === 'redis',
    queue: value(KEYS.queueConnection) === 'redis',
  };
}

function placeOf(value: ValueOf): RedisPlace {
  const sentinels = value(KEYS.redisSentinels);
  const sentinelPassword = value(KEYS.redisSentinelPassword);
  if (sentinels !== undefined) {
    const master = value(KEYS.redisSentinelMaster) ?? '';
    const shared = { kind: 'sentinel', sentinels, master } as const;
    return sentinelPassword === undefined ? shared : { ...shared, sentinelPassword };
  }
  const host = value(KEYS.redisHost) ?? '';
  if (host.startsWith('/')) return { kind: 'socket', path: host };
  return { kind: 'tcp', host, port: value(KEYS.redisPort) ?? 0 };
}

function tlsOf(value: ValueOf): RedisTls | null {
  return value(KEYS.redisTls) === true ? { caPath: value(KEYS.redisTlsCa) ?? null } : null;
}
