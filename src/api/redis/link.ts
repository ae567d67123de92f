import type { RedisSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { withinTime } from '../db/time-limit.ts';
import type { Logger } from '../log.ts';
import type { Redis } from './connect.ts';

/** `unused` where no driver asks for Redis. */
export type RedisState = 'unused' | 'ok' | 'away';

/**
 * Redis as the API meets it: something that may be gone at any moment. Whoever asks has another way, and takes it at
 * once: nothing waits for Redis longer than ASK_LIMIT_MS, and while it is known to be away nothing waits at all.
 */
export interface RedisLink {
  /** As of the last answer, at most a second ago. */
  state(): RedisState;
  /**
   * Since when the connection is unbroken, epoch milliseconds; undefined without one. Behind a new connection there
   * may be another server, or one that forgot.
   */
  connectedSinceMs(): number | undefined;
  /** What `work` gives; undefined when Redis is away, refuses or is slow. What was sent may have been done all the same. */
  ask<T>(work: (redis: Redis) => Promise<T>): Promise<T | undefined>;
  close(): Promise<void>;
}

/** Redis answers in 0.1 to 1 ms; one that takes this long is treated as gone until it takes a heartbeat. */
const ASK_LIMIT_MS = 100;
const HEARTBEAT_MS = 500;
const HEARTBEAT_LIMIT_MS = 500;
/** After so many unanswered heartbeats the connection is made anew: its other end may be gone without a word. */
const MOST_UNANSWERED = 4;

export const NO_REDIS: RedisLink = {
  state: () => 'unused',
  connectedSinceMs: () => undefined,
  ask: async () => undefined,
  close: async () => {},
};

/** The client is loaded only where it is used: it costs a start 30 ms and some memory. */
export async function linkRedis(
  settings: RedisSettings | null,
  clock: Clock,
  log: Logger,
): Promise<RedisLink> {
  if (settings === null) return NO_REDIS;
  const { connect } = await import('./connect.ts');
  return watch(connect(settings), { clock, log, prefix: settings.prefix });
}

interface WatchParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly prefix: string;
}

/** An error of ioredis carries the command that failed: with AUTH, the password. */
function withoutCommand(error: unknown): Error {
  return new Error(messageOf(error));
}

function watch(redis: Redis, { clock, log, prefix }: WatchParts): RedisLink {
  const stopping = new AbortController();
  let state: RedisState = 'away';
  let connectedSinceMs: number | undefined;

  const become = (next: RedisState, why?: unknown): void => {
    if (next === state || stopping.signal.aborted) return;
    state = next;
    if (next === 'ok') log.info('Redis answers');
    else log.error({ err: withoutCommand(why) }, 'Redis is away');
  };
  /** A write, since a Redis that is full or read-only answers and is of no use. */
  const beat = async (): Promise<boolean> => {
    const answer = redis.set(`${prefix}:heartbeat`, '', 'PX', HEARTBEAT_MS);
    try {
      await withinTime(answer, { clock, limitMs: HEARTBEAT_LIMIT_MS, what: 'a heartbeat of Redis' });
      become('ok');
      return true;
    } catch (error) {
      become('away', error);
      return false;
    }
  };
  const beatUntilStopped = async (): Promise<void> => {
    for (let unanswered = 0; !stopping.signal.aborted; ) {
      unanswered = redis.status !== 'ready' || (await beat()) ? 0 : unanswered + 1;
      if (unanswered >= MOST_UNANSWERED) redis.disconnect(true);
      await clock.sleep(HEARTBEAT_MS, stopping.signal).catch(() => {});
    }
  };

  redis.on('ready', () => {
    connectedSinceMs = clock.now();
    void beat();
  });
  redis.on('close', () => {
    connectedSinceMs = undefined;
    become('away', new Error('the connection ended'));
  });
  redis.on('error', (error) => log.debug({ err: withoutCommand(error) }, 'Redis could not be reached'));
  const beating = beatUntilStopped();

  return {
    state: () => state,
    connectedSinceMs: () => connectedSinceMs,
    ask: async (work) => {
      if (state !== 'ok') return undefined;
      try {
        return await withinTime(work(redis), { clock, limitMs: ASK_LIMIT_MS, what: 'a question to Redis' });
      } catch (error) {
        become('away', error);
        return undefined;
      }
    },
    close: async () => {
      stopping.abort();
      redis.disconnect();
      await beating;
    },
  };
}
