import { JSON_TYPE } from '../../answer.ts';
import { defineRoute } from '../../http/route.ts';
import { READY } from '../../schemas/answers.ts';
import { NO_REQUEST } from '../../schemas/json.ts';

/** For what spreads requests over processes; `/health` is for people and the apps. */
export const readyRoute = defineRoute(
  {
    id: 'ready',
    method: 'GET',
    path: '/ready',
    summary: 'Whether this process should get traffic; 503 with the reasons when not.',
    secured: false,
    rate: null,
    idempotent: false,
    body: NO_REQUEST,
    query: NO_REQUEST,
    success: { status: 200, mediaType: 'application/json', schema: READY },
    errors: ['databaseAway'],
  },
  async (_request, { readiness, settings }) => {
    const obstacles = await readiness.obstacles();
    const ready = obstacles.length === 0;
    return {
      kind: 'plain',
      statusCode: ready ? 200 : 503,
      contentType: JSON_TYPE,
      body: JSON.stringify({ ready, release: settings.release, obstacles }),
    };
  },
);
