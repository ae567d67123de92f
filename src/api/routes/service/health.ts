import { isoTime } from '../../../core/clock.ts';
import { JSON_TYPE } from '../../answer.ts';
import { defineRoute } from '../../http/route.ts';
import { countWaiting, WAITING_WARNING } from '../../outbox/queue.ts';
import { HEALTH } from '../../schemas/answers.ts';
import { NO_REQUEST } from '../../schemas/json.ts';
import type { Services } from '../../services.ts';

const PING_TIMEOUT_MS = 1_000;

export const healthRoute = defineRoute(
  {
    id: 'health',
    method: 'GET',
    path: '/health',
    summary:
      'Whether this process can serve; 503 when its database does not answer. Without Redis it is degraded, and serves.',
    secured: false,
    rate: null,
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: HEALTH },
    errors: ['databaseAway'],
  },
  async (_request, services) => {
    const queue = await queueState(services);
    const healthy = queue !== 'error';
    const redis = services.redis.state();
    const health = {
      status: healthy ? (redis === 'away' ? 'degraded' : 'ok') : 'error',
      timestamp: isoTime(services.clock.now()),
      release: services.settings.release,
      services: { database: healthy ? 'ok' : 'error', redis: redis === 'away' ? 'error' : 'ok', queue },
      details: { redis },
    };
    return {
      kind: 'plain',
      statusCode: healthy ? 200 : 503,
      contentType: JSON_TYPE,
      body: JSON.stringify(health),
    };
  },
);

/** The queue is in the database: it can be counted when, and only when, the database answers. */
async function queueState({ database, log }: Services): Promise<'ok' | 'warning' | 'error'> {
  try {
    await database.ping(PING_TIMEOUT_MS);
    return (await countWaiting(database.kysely)) < WAITING_WARNING ? 'ok' : 'warning';
  } catch (error) {
    log.error({ err: error }, 'the database does not answer');
    return 'error';
  }
}
