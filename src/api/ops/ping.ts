import type { RedisSettings } from '../../config/settings.ts';
import { EXIT_CODE_BY_ERROR, messageOf } from '../../core/errors.ts';
import type { OpsAnswer, OpsTools } from './tools.ts';

interface Reached {
  readonly ok: boolean;
  readonly ms: number;
  /** Why not; empty when it answered. */
  readonly why: string;
}

const PING_LIMIT_MS = 3000;

/** Asks the database, and Redis where it is used, each by its own connection. Exit 7 when one does not answer. */
export async function ping({ settings, database, clock }: OpsTools): Promise<OpsAnswer> {
  const timed = async (ask: () => Promise<unknown>): Promise<Reached> => {
    const startedMs = clock.monotonicMs();
    const why = await ask().then(() => '', whyNot);
    return { ok: why === '', ms: Math.round(clock.monotonicMs() - startedMs), why };
  };
  const { redis } = settings;
  const [databaseReached, redisReached] = await Promise.all([
    timed(async () => database.ping(PING_LIMIT_MS)),
    redis === null ? null : timed(async () => pingRedis(redis)),
  ]);
  const isWell = databaseReached.ok && redisReached?.ok !== false;
  return {
    said: { database: databaseReached, redis: redisReached },
    exitCode: isWell ? 0 : EXIT_CODE_BY_ERROR.databaseUnavailable,
  };
}

/** Only the message: an error of the client carries the command that failed, with AUTH the password. */
function whyNot(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
  return `${messageOf(error)}${cause}`;
}

async function pingRedis(settings: RedisSettings): Promise<void> {
  const { connectOnce } = await import('../redis/connect.ts');
  const redis = connectOnce(settings);
  try {
    await redis.connect();
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
