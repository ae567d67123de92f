import { readFileSync } from 'node:fs';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisSettings } from '../../config/settings.ts';

export type { Redis } from 'ioredis';

/** What any command waits at most, the handshake of a connection included: a stopped server accepts and is silent. */
const REPLY_LIMIT_MS = 1_000;
const CONNECT_LIMIT_MS = 1_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;

/**
 * A connection that is made again for ever, at most half a second after it was lost, and never keeps a command for
 * later: while there is none, commands fail at once. (ioredis 6: its README, "Offline Queue" and "Auto-reconnect".)
 */
export function connect(settings: RedisSettings): Redis {
  return new Redis({
    ...optionsOf(settings),
    replyMapping: 'legacy',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: REPLY_LIMIT_MS,
  });
}

/** A connection that is asked for by `connect()`, and fails once: to see whether Redis can be reached. */
export function connectOnce(settings: RedisSettings): Redis {
  const redis = new Redis({
    ...optionsOf(settings),
    replyMapping: 'legacy',
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    commandTimeout: REPLY_LIMIT_MS,
    retryStrategy: never,
    sentinelRetryStrategy: never,
  });
  // Each is thrown by what was asked, too.
  redis.on('error', () => {});
  return redis;
}

function never(): undefined {
  return undefined;
}

/** Where Redis is and how to be let in; for BullMQ, whose own connections wait for what comes. */
export function optionsOf(settings: RedisSettings): RedisOptions {
  const { username, password, tls } = settings;
  return {
    ...placeOf(settings),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(tls === null ? {} : { tls: tls.caPath === null ? {} : { ca: readFileSync(tls.caPath) } }),
    connectTimeout: CONNECT_LIMIT_MS,
    retryStrategy: (attempt) => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * attempt),
    // A primary that became a replica refuses writes: the sentinels know the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function placeOf({ place, tls }: RedisSettings): RedisOptions {
  switch (place.kind) {
    case 'socket':
      return { path: place.path };
    case 'tcp':
      return { host: place.host, port: place.port };
    case 'sentinel': {
      const { sentinels, master, sentinelPassword } = place;
      return {
        sentinels: [...sentinels],
        name: master,
        ...(sentinelPassword === undefined ? {} : { sentinelPassword: sentinelPassword.reveal() }),
        enableTLSForSentinelMode: tls !== null,
        sentinelRetryStrategy: (attempt) => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * attempt),
      };
    }
  }
}
